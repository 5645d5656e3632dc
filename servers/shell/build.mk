SERVERS += shell
shell_SRCS := main.c parse.c commands.c
