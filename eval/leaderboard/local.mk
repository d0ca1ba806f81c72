# eval/leaderboard/local.mk - see README.md of this folder
