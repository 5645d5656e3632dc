SERVERS += shell
shell_SRCS := commands.c commands_faults.c commands_frames.c commands_machine.c commands_memory.c commands_memstress.c \
	commands_memtest.c commands_process.c \
	commands_space.c format.c job.c line.c main.c \
	names.c parse.c process_list.c report.c space_list.c
