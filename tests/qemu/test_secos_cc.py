# SPDX-License-Identifier: MIT
"""Claim: secos-cc takes what people give a C compiler, and no name of ours stands in
the way of a name of theirs.
Method: compile and run as a stranger would; each case is one that has a wrong answer."""
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CC, RUN = str(ROOT / "tools/secos-cc"), str(ROOT / "tools/secos-run")


@pytest.fixture
def cc(tmp_path):
    """cc(*words, name=text...): files are written, then secos-cc runs among them."""
    def run(*words, **files):
        for name, text in files.items():
            (tmp_path / name.replace("_dot_", ".").replace("_blank_", " ")).write_text(text)
        return subprocess.run([CC, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    return run


def result(tmp_path, name="a.out"):
    done = subprocess.run([RUN, "--timeout", "50", tmp_path / name], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    return done.stdout, done.returncode


def test_libraries_are_found_and_searched_in_order(cc, tmp_path):
    assert cc("-c", "part.c", part_dot_c="int part(void) { return 40; }").returncode == 0
    subprocess.run(["ar", "rcs", "libpart.a", "part.o"], cwd=tmp_path, check=True)
    done = cc("main.c", "-L.", "-lpart", "-lm", "-o", "it.elf",
              main_dot_c="#include <math.h>\nint part(void); int main(int c, char **v) { return part() + (int)sqrt(3 + c); }")
    assert done.returncode == 0, done.stderr
    assert result(tmp_path, "it.elf") == ("", 42)


def test_the_standard_chooses_the_language(cc):
    text = "int main(void) { for (int i = 0; i < 3; i++) {} return 0; }"
    assert cc("-std=c99", "-pedantic-errors", "x.c", x_dot_c=text).returncode == 0
    done = cc("-std=c89", "-pedantic-errors", "x.c")
    assert done.returncode == 1 and done.stderr.splitlines()[-1] == "secos-cc: x.c was not compiled"


def test_names_with_blanks_and_text_output(cc, tmp_path):
    done = cc("my file.c", "-o", "my program.elf", my_blank_file_dot_c="int main(void) { return 7; }")
    assert done.returncode == 0 and result(tmp_path, "my program.elf")[1] == 7
    assert "main:" in cc("-S", "my file.c", "-o", "-").stdout
    assert "int main" in cc("-E", "my file.c").stdout


def test_what_is_missing_is_named(cc):
    done = cc("x.c", x_dot_c="int absent(void); int main(void) { return absent(); }")
    assert done.returncode == 1 and "absent" in done.stderr
    assert done.stderr.splitlines()[-1] == "secos-cc: a.out was not linked"


def test_assembly_beside_c(cc, tmp_path):
    done = cc("m.c", "twice.asm", "thrice.s",
              m_dot_c="int twice(int), thrice(int); int main(void) { return twice(10) + thrice(7); }",
              twice_dot_asm="global twice\nsection .text\ntwice: lea eax, [rdi + rdi]\n ret\n",
              thrice_dot_s=".globl thrice\nthrice: lea (%rdi,%rdi,2), %eax\n ret\n.section .note.GNU-stack\n")
    assert done.returncode == 0, done.stderr
    assert result(tmp_path)[1] == 41


def test_a_program_may_have_its_own_malloc(cc, tmp_path):
    done = cc("x.c", x_dot_c="""
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        static char arena[1 << 20]; static size_t used; static int calls;
        void *malloc(size_t n) { calls++; used = (used + 15) & ~15ul; void *p = arena + used; used += n; return p; }
        void *calloc(size_t n, size_t m) { return memset(malloc(n * m), 0, n * m); }
        void *realloc(void *p, size_t n) { void *q = malloc(n); return p ? memcpy(q, p, n) : q; }
        void free(void *p) { (void)p; }
        int main(void) {
            char *p = strdup("mine");
            printf("%s %d %d\\n", p, p >= arena && p < arena + sizeof arena, calls > 0);
            return 0;
        }""")
    assert done.returncode == 0, done.stderr
    assert result(tmp_path) == ("mine 1 1\n", 0)


def test_names_of_the_layer_are_free(cc, tmp_path):
    """Every global name that the layer has inside may be a program's own."""
    names = ["linux_entry", "linux_write", "linux_table", "console_write_all", "heap_chunk_alloc", "slab_alloc",
             "fmt_snprintf", "process_started", "bitmap_find", "linux_lock"]
    text = "#include <stdio.h>\n#include <stdlib.h>\n" + "".join(f"int {n}(int x) {{ return x + {i}; }}\n" for i, n in enumerate(names))
    text += "int main(void) { free(malloc(10)); printf(\"%d\\n\", " + " + ".join(f"{n}(1)" for n in names) + "); return 0; }"
    done = cc("x.c", x_dot_c=text)
    assert done.returncode == 0, done.stderr
    assert result(tmp_path) == ("55\n", 0)


def test_bare_programs_are_linked_with_libsecos_alone(cc, tmp_path):
    done = cc("--bare", "x.c", x_dot_c='#include <stdio.h>\nint main(void) { printf("%d\\n", 5); return 1; }')
    assert done.returncode == 0 and result(tmp_path) == ("5\n", 1)
    done = cc("--bare", "x.c", x_dot_c="#include <math.h>\nint main(void) { return 0; }")
    assert done.returncode == 1 and "math.h" in done.stderr
    done = subprocess.run([RUN, "--env", "A=b", tmp_path / "a.out"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 125 and done.stderr == (
        "secos-run: --env: this program has no environment (it was made with --bare)\n")
