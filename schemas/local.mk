# schemas/local.mk - wire formats and the database
