# programs/local.mk - one thin file a command, and what they share
