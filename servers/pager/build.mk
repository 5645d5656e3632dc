SERVERS += pager
pager_SRCS := main.c policy.c
