# docs/local.mk - pages and man pages
