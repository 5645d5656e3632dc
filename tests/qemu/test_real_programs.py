# SPDX-License-Identifier: MIT
"""Claim: real programs that nobody here wrote run on SecOS unchanged.
Method: their source comes from the distribution's source packages (distribution.py);
secos-cc compiles it as it is, and what it prints is compared with the host's, or
with what the program must say."""
import gzip
import subprocess

import pytest
from distribution import source
from test_c_library import CC, HOST_CC, RUN, compile_program

pytestmark = pytest.mark.timeout(600)  # a download, and a quarter of a million lines


def run(*words, stdin=b""):
    """(output, status) of a program that reads @stdin; both streams in one."""
    done = subprocess.run([str(word) for word in words], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=150)
    return done.stdout, done.returncode


def secos(*words, stdin=b""):
    return run(RUN, "--timeout", "120", *words, stdin=stdin)


def build(folder, files, output, *options):
    """Compile @files with secos-cc to @output.elf and with the host's compiler to @output."""
    common = ["-O1", "-w", "-g0", *options, *(folder / file for file in files), "-lm"]
    compile_program(CC, *common, "-o", f"{output}.elf")
    compile_program(HOST_CC, *common, "-o", output)


LUA_SCRIPT = rb"""
print(_VERSION, math.type(3), math.pi, 7 // 2, 2 ^ 53, 10 / 3)
local t = {} for i = 1, 10 do t[#t + 1] = i * i end print(table.concat(t, ","))
print(string.format("%5.2f %q %x %a", 3.14159, "a\nb", 255, 0.5), ("hello"):gsub("l", "L"))
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end print(fib(20))
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) print(co(), co(), co())
print(pcall(error, "thrown")) print(select("#", table.unpack({1, 2, nil, 4}, 1, 4)))
local f = io.open("/tmp/secos-lua", "w") f:write("line 1\nline 2\n") f:close()
for line in io.lines("/tmp/secos-lua") do print(line) end
print(os.remove("/tmp/secos-lua"), io.open("/tmp/secos-lua"))
local words = {} for word in ("the quick brown fox"):gmatch("%a+") do words[#words + 1] = word:upper() end
table.sort(words, function(a, b) return a > b end) print(table.unpack(words))
local s = 0 for i = 1, 100000 do s = s + i % 7 end print(s)
local many = {} for i = 1, 20000 do many[i] = {i, tostring(i)} end many = nil collectgarbage()
print(collectgarbage("count") < 2000, os.date("!%Y-%m-%d", 86400), string.pack("<i4d", 7, 1.5):byte(1, -1))
print(io.read("n", "l", "a"))
os.exit(5)
"""


def test_lua_runs_a_script(tmp_path):
    """Lua 5.4: 30,000 lines; the script and its input come by standard input."""
    folder = source("lua5.4") / "src"
    files = sorted(path.name for path in folder.glob("*.c") if path.name != "luac.c")
    build(folder, files, tmp_path / "lua")
    script = LUA_SCRIPT.replace(b"\n", b" ").strip() + b"\n42 rest of line\nand more\nlines"
    words = ["-e", "load(io.read())()"]  # no blanks in an argument that secos-run passes
    expected = run(tmp_path / "lua", *words, stdin=script)
    assert expected[1] == 5
    assert secos(tmp_path / "lua.elf", *words, stdin=script) == expected


ZLIB = ["adler32.c", "compress.c", "crc32.c", "deflate.c", "gzclose.c", "gzlib.c", "gzread.c", "gzwrite.c",
        "infback.c", "inffast.c", "inflate.c", "inftrees.c", "trees.c", "uncompr.c", "zutil.c"]


def test_zlib_passes_its_own_test_and_packs(tmp_path):
    folder = source("zlib")
    options = ["-DHAVE_UNISTD_H", "-DHAVE_STDARG_H", f"-I{folder}"]
    build(folder, [*ZLIB, "test/example.c"], tmp_path / "example", *options)
    expected = subprocess.run([tmp_path / "example"], cwd=tmp_path, stdout=subprocess.PIPE, timeout=60).stdout
    assert secos(tmp_path / "example.elf") == (expected, 0)
    assert b"large_inflate(): OK" in expected
    build(folder, [*ZLIB, "test/minigzip.c"], tmp_path / "minigzip", *options)
    text = (folder / "deflate.c").read_bytes()[:40000]
    packed, status = secos(tmp_path / "minigzip.elf", stdin=text)
    assert status == 0 and gzip.decompress(packed) == text and len(packed) < len(text) // 2
    assert secos(tmp_path / "minigzip.elf", "-d", stdin=gzip.compress(text)) == (text, 0)


SQL = b"""
create table t(id integer primary key, name text, value real);
insert into t(name, value) values ('frame', 1.5), ('page', 2.25), ('region', -3);
with recursive c(x) as (select 1 union all select x + 1 from c where x < 1000)
insert into t(name, value) select 'n' || x, x * 0.5 from c;
select count(*), sum(value) from t;
select name, printf('%.3f', value) from t order by value limit 3;
create index i on t(name);
select * from t where name = 'page';
begin; delete from t where id % 2; rollback; select count(*) from t;
.save /tmp/test.db
.open /tmp/test.db
update t set value = value * 2; vacuum; select total(value), max(id) from t;
pragma integrity_check;
.exit 3
"""


def test_sqlite_keeps_a_database(tmp_path):
    """SQLite's shell: a quarter of a million lines (fossil's package carries them in two
    files); in memory, then in a file, with a transaction, an index and a vacuum."""
    folder = source("fossil") / "extsrc"
    compile_program(CC, "-O0", "-w", "-g0", "-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION",
                    folder / "sqlite3.c", folder / "shell.c", f"-I{folder}", "-lm", "-o", tmp_path / "sqlite.elf")
    output, status = secos(tmp_path / "sqlite.elf", "-batch", stdin=SQL)
    lines = [line for line in output.decode().splitlines() if not line.startswith("-- ")]
    assert lines == ["1003|250250.75", "region|-3.000", "n1|0.500", "n2|1.000", "2|page|2.25", "1003",
                     "500501.5|1003", "ok"]
    assert status == 3
