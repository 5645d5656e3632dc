# SPDX-License-Identifier: MIT
"""Claim: a C file of one's own becomes a program, runs, and its status comes back.
Method: use secos-cc and secos-run as a stranger would: from another directory,
through pipes, with mistakes."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CC, RUN = str(ROOT / "tools/secos-cc"), str(ROOT / "tools/secos-run")


def call(*words, cwd=None, stdin="", timeout=60):
    return subprocess.run([str(w) for w in words], cwd=cwd, input=stdin, capture_output=True,
                          text=True, timeout=timeout)


@pytest.fixture
def program(tmp_path):
    """program(C text, *options of secos-cc): path of the ELF."""
    def make(text, *options):
        (tmp_path / "own.c").write_text(text)
        done = call(CC, "own.c", "-o", "own.elf", *options, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return tmp_path / "own.elf"
    return make


@pytest.mark.parametrize("status", [0, 1, 42, 127, 255])
def test_exit_status_comes_back(program, status):
    elf = program("int main(void) { return STATUS; }", f"-DSTATUS={status}")
    done = call(RUN, "--timeout", "50", elf)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")


def test_output_is_the_programs_and_nothing_else(program):
    elf = program('#include <stdio.h>\nint main(void) { printf("one\\ntwo\\n"); printf("three"); return 3; }')
    done = call(RUN, "--timeout", "50", elf)
    assert (done.returncode, done.stdout, done.stderr) == (3, "one\ntwo\nthree", "")


def test_arguments_arrive(program):
    elf = program("""
        #include <stdio.h>
        int main(int argc, char **argv) {
            for (int i = 1; i < argc; i++) printf("[%s]", argv[i]);
            return argc;
        }""")
    done = call(RUN, "--timeout", "50", elf, "a", "--b", "c,d")
    assert (done.returncode, done.stdout) == (4, "[a][--b][c,d]")


def test_input_arrives(program):
    elf = program("""
        #include <stdio.h>
        int main(void) {
            int c, sum = 0;
            while ((c = getchar()) != EOF && c != '\\n') sum += c - '0';
            return sum;
        }""")
    assert call(RUN, "--timeout", "50", elf, stdin="123\n").returncode == 6


@pytest.mark.parametrize("statement, vector", [
    ("*(volatile int *)8 = 1;", 14),
    ('__asm__ volatile("ud2");', 6),
    ('__asm__ volatile("cli");', 13),
    ('__asm__ volatile("div %%ecx" :: "a"(1), "d"(0), "c"(0));', 0),
])
def test_a_fault_is_reported(program, statement, vector):
    elf = program("int main(void) { %s return 0; }" % statement)
    done = call(RUN, "--timeout", "50", elf)
    assert done.returncode == 128 + vector, done
    assert f"vector {vector}," in done.stderr and done.stdout == ""


@pytest.mark.parametrize("options", [[], ["--bare"]])
@pytest.mark.parametrize("body, wanted", [
    ("free(one);\nfree(one);", r" \(allocated at 0x\w+ <main\+0x\w+ \S*own.c:3>\) freed twice, seen at 0x\w+ <main\+0x\w+ \S*own.c:5>"),
    ("((volatile char *)one)[40] = 'x';\nfree(one);", r" \(40 bytes, allocated at 0x\w+ <main\+0x\w+ \S*own.c:3>\) written beyond its end, seen at 0x\w+ <main\+0x\w+ \S*own.c:5>"),
    ("free(two); free(one);\nfree(one);", r" not allocated, or freed already, seen at 0x\w+ <main\+0x\w+ \S*own.c:5>"),
])
def test_a_damaged_heap_is_told_with_its_lines(program, options, body, wanted):
    elf = program("#include <stdlib.h>\nint main(void) {\nchar *volatile one = malloc(40), *volatile two = malloc(40); "
                  "(void)two;\n%s\nreturn 0; }" % body, "-g", *options)
    done = call(RUN, "--timeout", "50", elf)
    assert done.returncode == 128 + 6 and re.search(rf"^\*\*\* heap: block 0x\w+{wanted} \*\*\* \(image at", done.stdout), done


def test_a_program_that_never_ends_is_ended(program):
    done = call(RUN, "--timeout", "2", program("int main(void) { for (;;) {} }"))
    assert (done.returncode, done.stderr) == (124, "secos-run: ended after 2 s\n")


def test_instructions_are_counted(program):
    """With --icount, rdtsc says the same in every run; the loop's length shows in it."""
    elf = program("""
        #include <stdio.h>
        #include <stdlib.h>
        static unsigned long long now(void) {
            unsigned low, high;
            __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
            return (unsigned long long)high << 32 | low;
        }
        int main(int argc, char **argv) {
            unsigned long n = strtoul(argv[1], NULL, 10);
            unsigned long long before = now();
            __asm__ volatile("1: dec %0; jnz 1b" : "+r"(n));
            printf("%llu\\n", now() - before);
        }""")
    first, again, longer = (int(call(RUN, "--icount", "--timeout", "100", elf, n, timeout=120).stdout)
                            for n in ("1000", "1000", "3000"))
    assert first == again and 2000 <= first < 2100 and longer - first == 4000


def test_the_shell_takes_its_input_from_a_pipe():
    done = call(RUN, "--timeout", "100", stdin="echo one two\npoweroff\n", timeout=120)
    assert done.returncode == 0 and "\none two\n" in done.stdout, done


@pytest.mark.parametrize("typed, wanted", [
    ("", 1), ("echo hi\n", 2), ("echo hi", 2), ("echo one\n\necho hi\n", 4),
    ("run crash null &\nsleep 1\n", 3), ("run lines\nsecond\nthird\n", 2), ("poweroff\n", 1)])
def test_the_end_of_the_shells_input_switches_off(typed, wanted):
    """Also where a program reads lines of it, or somebody's last words come behind the prompt."""
    words = [RUN, "--timeout", "100", "--with", ROOT / "build/guests/lines.elf", "--with", ROOT / "build/guests/crash.elf"]
    done = call(*words, stdin=typed, timeout=120)
    assert done.returncode == 0 and done.stdout.endswith("secos$ poweroff\nSwitching off.\n"), done
    assert done.stdout.count("secos$ ") == wanted and ("echo hi" not in typed or "\nhi\n" in done.stdout), done


@pytest.mark.parametrize("closed", ["</dev/null", "<&-"])
def test_a_shell_without_input_switches_off(closed):
    done = call("sh", "-c", f"{RUN} --timeout 100 {closed}", timeout=120)
    assert done.returncode == 0 and done.stdout.endswith("secos$ poweroff\nSwitching off.\n"), done


@pytest.mark.parametrize("path", ["iso", "uefi"])
def test_other_boot_paths(program, path):
    elf = program('#include <stdio.h>\nint main(void) { puts("here"); return 9; }')
    done = call(RUN, "--timeout", "120", "--boot", path, elf, timeout=150)
    assert (done.returncode, done.stdout) == (9, "here\n")


def test_several_files_and_objects(tmp_path):
    (tmp_path / "a.c").write_text("int twice(int); int main(void) { return twice(VALUE); }")
    (tmp_path / "b.c").write_text("int twice(int x) { return 2 * x; }")
    assert call(CC, "-c", "b.c", cwd=tmp_path).returncode == 0
    assert call(CC, "-DVALUE=11", "-O1", "-g", "-std=c11", "a.c", "b.o", cwd=tmp_path).returncode == 0
    assert call(RUN, "--timeout", "50", tmp_path / "a.out").returncode == 22


def test_verbose_tells_how_far_a_boot_came_that_failed(program):
    done = call(RUN, "--timeout", "50", "--verbose", "-m", "2", program("int main(void) { return 0; }"))
    assert done.returncode == 125 and "boot: Multiboot" in done.stderr and done.stdout == "", done
    assert re.search(r"^PANIC: .*\nsecos-run: SecOS ended", done.stderr, re.MULTILINE | re.DOTALL), done.stderr
    done = call(RUN, "--timeout", "50", "--verbose", program("int main(void) { return 7; }"))
    assert done.returncode == 7 and done.stderr.endswith("secos: init own started\n"), done


def test_standard_error_is_the_consoles(program):
    """docs/sdk.md says so."""
    done = call(RUN, "--timeout", "50", program('#include <stdio.h>\nint main(void) { fputs("oh\\n", stderr); return 1; }'))
    assert (done.returncode, done.stdout, done.stderr) == (1, "oh\n", "")


@pytest.mark.parametrize("words", [
    [CC], [CC, "absent.c"], [CC, "-o"], [CC, "x.weird"], [RUN, "absent.elf"], [RUN, __file__],
    [RUN, "--boot", "absent"], [RUN, "--absent"], [RUN, "--timeout", "soon"], [RUN, "--env", "A=1", CC],
    [RUN, "/bin/true"], [RUN, "-m", "0", "absent.elf"], [RUN, "-m", "-5"], [RUN, ROOT / "build/obj/user/lib/libsecos/src/exit.c.o"],
])
def test_mistakes_are_told(words, tmp_path):
    done = call(*words, cwd=tmp_path)
    assert done.returncode not in (0, None) and done.stdout == "", done
    assert done.stderr.startswith(("secos-cc: ", "secos-run: ")) and done.stderr.count("\n") == 1, done


@pytest.mark.parametrize("tool", [CC, RUN, ROOT / "tools/mkiso", ROOT / "tools/setup"])
def test_help_helps(tool):
    done = call(tool, "-h")
    assert done.returncode == 0 and "sage:" in done.stdout
