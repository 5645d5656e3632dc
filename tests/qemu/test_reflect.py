# SPDX-License-Identifier: MIT
"""Claim: a foreign system call becomes a call of the handler that its process named,
with every register as it was; nothing that a process says about handler or stack
harms anybody else.
Method: the guest `reflect` controls every register on both sides of both doors."""
import os
import pathlib
import shutil
import subprocess

import pytest

from hostile import arena, claims, guest  # noqa: F401

ROOT = pathlib.Path(__file__).resolve().parents[2]
CC, RUN = str(ROOT / "tools/secos-cc"), str(ROOT / "tools/secos-run")


def test_a_foreign_call_is_a_call_of_the_handler(arena):
    claims(arena("reflect"), "run reflect", 70)


def test_bad_handlers_and_stacks_are_refused_and_missing_pages_are_fetched(arena):
    claims(arena("reflect"), "run reflect limits", 70)


@pytest.fixture
def hosted(tmp_path):
    """hosted(C text, *words for secos-run): how the program ended."""
    def run(text, *words, stdin="", cc=()):
        (tmp_path / "own.c").write_text(text)
        made = subprocess.run([CC, "own.c", "-o", "own.elf", *cc], cwd=tmp_path,
                              capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        return subprocess.run([RUN, "--timeout", "50", *words, str(tmp_path / "own.elf")],
                              input=stdin, capture_output=True, text=True, timeout=60)
    return run


def test_an_unanswered_call_is_named_when_asked(hosted):
    text = """
        #include <sys/socket.h>
        #include <stdio.h>
        #include <errno.h>
        int main(void) { printf("%d ", socket(AF_INET, SOCK_STREAM, 0)); printf("%d\\n", errno); return 0; }"""
    assert hosted(text).stdout == "-1 38\n"
    done = hosted(text, "--env", "SECOS_TRACE=missing")
    assert "linux: socket (41) 0x2 0x1 0x0" in done.stdout and "write" not in done.stdout
    assert "linux: writev (20) 0x1" in hosted(text, "--env", "SECOS_TRACE=all").stdout


def test_the_environment_and_the_arguments_arrive(tmp_path):
    (tmp_path / "own.c").write_text("""
        #include <stdio.h>
        #include <stdlib.h>
        int main(int argc, char **argv) {
            printf("%s %d %s %s\\n", getenv("COLOUR"), argc, argv[1], argv[2]);
            return 0;
        }""")
    assert subprocess.run([CC, "own.c"], cwd=tmp_path).returncode == 0
    done = subprocess.run([RUN, "--timeout", "50", "--env", "COLOUR=blue=green", tmp_path / "a.out", "env:X=1", "b"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.stdout == "blue=green 2 b (null)\n"


def test_a_pipe_carries_every_byte(tmp_path):
    (tmp_path / "own.c").write_text("""
        #include <stdio.h>
        #include <unistd.h>
        int main(void) {
            int c, last = isatty(0) * 2 + isatty(1);
            while ((c = getchar()) != EOF) putchar(c);
            return last;
        }""")
    assert subprocess.run([CC, "own.c"], cwd=tmp_path).returncode == 0
    data = bytes(range(256)) * 8 + os.urandom(2000) + b"\r\n\n\r" + bytes(range(255, -1, -1))
    done = subprocess.run([RUN, "--timeout", "50", tmp_path / "a.out"], input=data, capture_output=True, timeout=60)
    assert done.stdout == data and done.returncode == 0


def test_a_terminal_edits_and_echoes(start, tmp_path):
    (tmp_path / "own.c").write_text("""
        #include <stdio.h>
        #include <string.h>
        #include <sys/ioctl.h>
        #include <unistd.h>
        int main(void) {
            char line[80];
            struct winsize size = { 0 };
            int done = ioctl(1, TIOCGWINSZ, &size);
            printf("%d %d %d\\n", isatty(0), done, size.ws_col);
            while (fgets(line, sizeof line, stdin)) printf("<%s>\\n", strtok(line, "\\n"));
            printf("end\\n");
            return 0;
        }""")
    assert subprocess.run([CC, "own.c", "-o", "own.elf"], cwd=tmp_path).returncode == 0
    machine = start(modules=[guest("../servers/pager"), tmp_path / "own.elf"], options="init=own exit-with-init test")
    machine.expect("1 0 80\r\n")
    machine.send("abx\x7fc\rto be deleted\x15short\r\x04")
    machine.expect(r"abx\x08 \x08c\r\n<abc>\r\n.*short\r\n<short>\r\nend\r\n")
    machine.exit_code()


def test_memory_calls(hosted):
    """mmap, mprotect, mremap, madvise, brk as C libraries use them."""
    done = hosted("""
        #define _GNU_SOURCE
        #include <errno.h>
        #include <stdint.h>
        #include <stdio.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        #define P 4096
        int main(void) {
            char *a = mmap(0, 8 * P, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *b;
            printf("%d", mprotect(a + P, 6 * P, PROT_READ | PROT_WRITE));
            memset(a + P, 'x', 6 * P);
            printf("%d", mprotect(a + 2 * P, P, PROT_READ));
            printf("%d", mprotect(a + 2 * P, P, PROT_READ | PROT_WRITE));
            a[2 * P + 1] = 'y';
            printf("%c%c%c", a[2 * P], a[2 * P + 1], a[3 * P]);
            printf("%d", mprotect(a, P, PROT_READ | PROT_WRITE | PROT_EXEC));
            printf("%d ", errno == EACCES);
            b = mremap(a + P, 6 * P, 60 * P, MREMAP_MAYMOVE);
            printf("%c%d", b[P + 1], b[59 * P]);
            printf("%d ", munmap(b + 30 * P, 30 * P));
            printf("%d", madvise(b, 2 * P, MADV_DONTNEED));
            printf("%d ", b[P + 1]);
            char *end = (char *)syscall(SYS_brk, 0);
            printf("%d", (char *)syscall(SYS_brk, end + 100000) == end + 100000);
            printf("%d ", end[99999]);
            printf("%d", (char *)syscall(SYS_brk, end) == end);
            printf("%d", mmap(end, P, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == end);
            printf("%d\\n", mmap(0, P, PROT_READ, MAP_PRIVATE, 0, 0) == MAP_FAILED);
            fflush(stdout);
            munmap(a, 8 * P);
            return a[0];
        }""")
    assert done.stdout == "000xyx-11 y00 00 10 111\n"
    assert done.returncode == 128 + 14 and "no region there" in done.stderr


def test_threads_need_their_right(hosted):
    text = """
        #include <stdio.h>
        #include <pthread.h>
        static void *f(void *p) { return p; }
        int main(void) { pthread_t t; return pthread_create(&t, 0, f, 0) != 0; }"""
    assert hosted(text).returncode == 0
    text = text.replace("int main", "#include <libsecos/manifest.h>\nSECOS_MANIFEST(0, 0, 0);\nint main")
    assert hosted(text).returncode == 1


def compiled(tmp_path, name, **environment):
    """A program of tests/programs as an ELF file."""
    elf = tmp_path / f"{name}.elf"
    done = subprocess.run([CC, "-O2", "-w", ROOT / f"tests/programs/{name}.c", "-lm", "-o", elf],
                          env={**os.environ, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return elf


def test_the_shell_runs_hosted_programs_and_gets_every_frame_back(arena, tmp_path):
    """Threads, files in memory, malloc; each twice: what remains after the first remains
    the same after the second, and the fixture compares all frames with the beginning."""
    names = ["threads_posix", "file_binary", "malloc_stress"]
    machine = arena(*(compiled(tmp_path, name) for name in names))
    for name in names * 2:
        text = machine.command(f"run {name}", timeout=60)
        assert f"{name}: exit 0" in text, text
    text = machine.command("run file_binary env:SECOS_TRACE=all")
    assert "linux: open (2)" in text and "file_binary: exit 0" in text


def test_interrupt_ends_a_hosted_program_that_waits_for_input(arena, tmp_path):
    machine = arena(compiled(tmp_path, "scanf_console"))
    machine.send("run scanf_console\r")
    machine.expect("\n")
    machine.send("2 1\r")
    machine.expect("2 1\r\n")
    machine.send("\x03")
    machine.prompt(timeout=10)


@pytest.mark.parametrize("name", ["printf_floats", "threads_mutex", "signal_raise"])
def test_clang_makes_the_same_programs(name, tmp_path):
    if not shutil.which("clang-14"):
        pytest.skip("there is no clang-14 here")
    outputs = [subprocess.run([RUN, "--timeout", "50", compiled(tmp_path, name, CC=compiler)],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60).stdout
               for compiler in ("clang-14", "gcc")]
    assert outputs[0] == outputs[1] and len(outputs[0]) > 10
