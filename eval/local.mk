# eval/local.mk - data sets, pictures, figures, leaderboard
include eval/datasets/local.mk
include eval/pictures/local.mk
include eval/metrics/local.mk
include eval/leaderboard/local.mk
include eval/report/local.mk
include eval/sample/local.mk
