"""actions/cache and the cache services, as workflows use them."""

import hashlib
import json
import subprocess
import time
import unittest

from wire_action import ActionTest


class CacheTest(ActionTest):
    """Caches are saved after a job and restored by a later run."""

    def run_cache(self, make, look, key="k-1", more="", arguments=(), code=0, path="deps", mode="write"):
        """A job that restores, runs `look`, and runs `make` without a hit."""
        self.workflow(
            f"""\
            on: [push, pull_request]
            cache-mode: {mode}
            jobs:
              test:
                runs-on: ubuntu-latest
                steps:
                  - id: cache
                    uses: actions/cache@v4
                    with:
                      path: {path}
                      key: {key}
                      {more}
                  - run: |
                      echo "hit=[${{{{ steps.cache.outputs.cache-hit }}}}]"
                      {look}
                  - if: steps.cache.outputs.cache-hit != 'true'
                    run: |
                      {make}
            """
        )
        return self.run_pipeline("run", ".github/workflows/test.yml", *arguments, code=code)

    def test_a_cache_is_saved_after_the_job_and_restored_by_the_next_run(self):
        make = "mkdir -p deps/bin; echo one > deps/a; ln -s a deps/link; echo run > deps/bin/x; chmod 755 deps/bin/x"
        first = self.run_cache(make, "true")
        self.assertIn("Cache not found for input keys: k-1", first)
        self.assertIn("hit=[]", first)
        self.assertIn("Cache saved with key: k-1", first)
        second = self.run_cache("exit 1", "cat deps/link; test -x deps/bin/x && echo executable")
        for line in ("Cache hit for: k-1", "Cache restored from key: k-1", "hit=[true]", "one", "executable"):
            self.assertIn(line, second)
        self.assertIn("Cache hit occurred on the primary key k-1, not saving cache.", second)

    def test_a_job_that_may_only_read_restores_and_saves_nothing(self):
        make = "mkdir -p deps; echo one > deps/a"
        refused = self.run_cache(make, "true", mode="read")
        self.assertIn("Cache not found for input keys: k-1", refused)
        self.assertIn("Cache save skipped: the effective cache-mode 'read' does not permit writes.", refused)
        self.assertIn("Cache saved with key: k-1", self.run_cache(make, "true"))
        self.assertIn("hit=[true]", self.run_cache("exit 1", "cat deps/a", mode="read"))
        unread = self.run_cache("true", "true", mode="write-only")
        self.assertIn("Cache restore skipped: the effective cache-mode 'write-only' does not permit reads.", unread)

    def test_what_is_in_the_home_folder_is_cached_as_well(self):
        first = self.run_cache("mkdir -p ~/.tool/x; echo home > ~/.tool/x/f", "true", path="~/.tool")
        self.assertIn("Cache saved with key: k-1", first)
        second = self.run_cache("exit 1", "cat ~/.tool/x/f", path="~/.tool")
        self.assertIn("home", second)

    def test_restore_keys_take_the_newest_that_begins_so(self):
        self.run_cache("mkdir -p deps; echo old > deps/f", "true", key="k-1")
        self.run_cache("mkdir -p deps; echo new > deps/f", "true", key="k-2")
        output = self.run_cache("true", "cat deps/f", key="z-3", more="restore-keys: |\n{0}none-\n{0}k-".format(" " * 24))
        self.assertIn("Cache hit for restore-key: k-2", output)
        self.assertIn("hit=[false]", output)
        self.assertIn("new", output)
        self.assertIn("Cache saved with key: z-3", output)

    def test_another_path_is_another_version(self):
        self.run_cache("mkdir -p deps; echo x > deps/f", "true")
        output = self.run_cache("mkdir -p other; echo x > other/f", "true", path="other")
        self.assertIn("Cache not found for input keys: k-1", output)

    def test_a_branch_takes_its_own_caches_and_those_of_the_default_branch(self):
        self.run_cache("mkdir -p deps; echo main > deps/f", "true", key="main-1")
        self.git("checkout", "-q", "-b", "topic")
        output = self.run_cache("mkdir -p deps; echo topic > deps/f", "cat deps/f", key="main-1")
        self.assertIn("hit=[true]", output)
        self.run_cache("mkdir -p deps; echo topic > deps/f", "true", key="topic-1")
        self.git("checkout", "-q", "main")
        output = self.run_cache("mkdir -p deps; echo x > deps/f", "true", key="topic-1")
        self.assertIn("Cache not found for input keys: topic-1", output)

    def test_a_failed_job_saves_nothing(self):
        self.run_cache("mkdir -p deps; echo x > deps/f; exit 1", "true", code=1)
        output = self.run_cache("mkdir -p deps; echo x > deps/f", "true")
        self.assertIn("Cache not found", output)

    def test_fail_on_cache_miss_and_lookup_only(self):
        output = self.run_cache("true", "true", more="fail-on-cache-miss: true", code=1)
        self.assertIn(
            "Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: k-1", output
        )
        self.run_cache("mkdir -p deps; echo x > deps/f", "true")
        output = self.run_cache("exit 1", "test ! -e deps && echo absent", more="lookup-only: true")
        self.assertIn("Cache found and can be restored from key: k-1", output)
        self.assertIn("absent", output)

    def test_wrong_requests_fail_the_step(self):
        output = self.run_cache("true", "true", key="'a,b'", code=1)
        self.assertIn("Key Validation Error: a,b cannot contain commas.", output)
        output = self.run_cache("true", "true", key="k" * 513, code=1)
        self.assertIn("cannot be larger than 512 characters.", output)

    def test_paths_that_are_not_there_are_a_warning(self):
        output = self.run_cache("true", "true", path="nowhere")
        self.assertIn("Path(s) specified in the action for caching do(es) not exist", output)

    def test_restore_and_save_are_actions_of_their_own(self):
        self.workflow(
            """\
            on: push
            jobs:
              test:
                runs-on: ubuntu-latest
                steps:
                  - run: mkdir deps && echo one > deps/f
                  - uses: actions/cache/save@v4
                    with: {path: deps, key: k-1}
                  - run: rm -r deps
                  - id: back
                    uses: actions/cache/restore@v4
                    with: {path: deps, key: k-1-x, restore-keys: k-}
                  - run: cat deps/f; echo "${{ toJSON(steps.back.outputs) }}" | tr -d '\\n '
                  - uses: actions/cache/save@v4
                    with: {path: deps, key: k-1}
            """
        )
        output = self.run_pipeline("run", ".github/workflows/test.yml")
        self.assertIn("cache-primary-key:k-1-x,cache-matched-key:k-1,cache-hit:false", output.replace('"', ""))
        self.assertIn("Unable to reserve cache with key k-1, another job may be creating this cache.", output)

    def test_an_archive_cannot_be_read_by_way_of_a_link_that_a_step_made(self):
        secret = self.folder / "secret"
        secret.write_text("not for steps\n", encoding="utf-8")
        secret.chmod(0o600)
        first = self.run_cache(f"mkdir deps; ln -s {secret} deps/link; ln -s {self.folder} deps/folder", "true")
        self.assertIn("Cache saved", first)
        self.assertEqual(self.archives_with(b"not for steps"), [])
        output = self.run_cache("exit 1", "cat deps/link || echo unreachable")
        self.assertIn("unreachable", output)

    def test_the_command_line_lists_and_forgets_them(self):
        self.assertIn("no caches", self.run_pipeline("cache", "ls"))
        self.run_cache("mkdir -p deps; echo x > deps/f", "true", key="k-1")
        self.run_cache("mkdir -p deps; echo x > deps/f", "true", key="k-2")
        listed = json.loads(self.run_pipeline("cache", "ls", "--json"))
        self.assertEqual([(one["key"], one["ref"]) for one in listed], [("k-2", "refs/heads/main"), ("k-1", "refs/heads/main")])
        self.assertIn("removed 1 cache", self.run_pipeline("cache", "rm", "k-1"))
        self.assertIn("there is no cache 'k-1'", self.run_pipeline("cache", "rm", "k-1", code=None))
        self.assertIn("expected the keys", self.run_pipeline("cache", "rm", code=2))
        self.assertIn("removed 1 cache", self.run_pipeline("cache", "rm", "--all"))
        self.assertIn("Cache not found", self.run_cache("true", "true", key="k-2"))

    def test_a_killed_runner_leaves_no_half_of_a_cache(self):
        self.workflow(
            """\
            on: push
            jobs:
              test:
                runs-on: ubuntu-latest
                steps:
                  - run: mkdir deps && head -c 200000000 /dev/urandom > deps/f
                  - uses: actions/cache/save@v4
                    with: {path: deps, key: k-1}
            """
        )
        process = self.start("run", ".github/workflows/test.yml")
        drafts = self.state / "results/drafts"
        end = time.monotonic() + 60
        while not any(file.stat().st_size > 1_000_000 for file in drafts.glob("*/content")):
            self.assertLess(time.monotonic(), end, "nothing is being saved")
        process.kill()
        process.wait()
        self.assertEqual(len(list(drafts.iterdir())), 1)
        self.assertIn("no caches", self.run_pipeline("cache", "ls"))
        self.assertEqual(list(drafts.iterdir()), [])
        self.assertIn("Cache saved with key: k-1", self.run_pipeline("run", ".github/workflows/test.yml"))

    def archives_with(self, text):
        """The archives of caches that hold the text."""
        found = []
        for blob in self.state.glob("results/caches/*/*.blob"):
            if text in subprocess.run(["zstd", "-dc", blob], check=True, capture_output=True).stdout:
                found.append(blob)
        return found

    def test_a_damaged_archive_is_a_miss(self):
        self.run_cache("mkdir -p deps; head -c 100000 /dev/urandom > deps/f", "true")
        for blob in self.state.glob("results/caches/*/*.blob"):
            content = bytearray(blob.read_bytes())
            content[len(content) // 2] ^= 1
            blob.write_bytes(content)
        output = self.run_cache("true", "true")
        self.assertIn("Failed to restore:", output)
        self.assertIn("hit=[]", output)

    def test_the_archive_is_what_tar_and_zstd_make_of_it(self):
        self.run_cache("mkdir -p deps; echo one > deps/f", "true")
        (blob,) = self.state.glob("results/caches/*/*.blob")
        tar = subprocess.run(["zstd", "-dc", blob], check=True, capture_output=True).stdout
        listed = subprocess.run(["tar", "-tf", "-"], input=tar, check=True, capture_output=True).stdout
        self.assertEqual(listed, b"deps/\ndeps/f\n")

    WIRE = r"""
      const version = '%s';
      const content = fs.readFileSync(process.env.GITHUB_WORKSPACE + '/archive');
    """ % hashlib.sha256(
        b"deps|zstd-without-long|1.0"
    ).hexdigest()

    def test_the_second_service_takes_what_the_built_in_restores(self):
        self.write("archive", "")
        self.repository.joinpath("deps").mkdir()
        self.write("deps/f", "by the wire\n")
        subprocess.run(["tar", "--posix", "-cf", "archive.tar", "-P", "deps"], cwd=self.repository, check=True)
        subprocess.run(["zstd", "-qf", "archive.tar", "-o", "archive"], cwd=self.repository, check=True)
        self.git("rm", "-rq", "--cached", "deps", "--ignore-unmatch")
        output = self.run_action(
            self.WIRE
            + r"""
      const miss = await call('CacheService', 'GetCacheEntryDownloadURL', {key: 'k-1', restore_keys: ['k-'], version});
      check('miss', [miss.status, miss.body.ok], [200, false]);
      const made = await call('CacheService', 'CreateCacheEntry', {key: 'k-1', version});
      check('created', [made.status, made.body.ok], [200, true]);
      const twice = await call('CacheService', 'CreateCacheEntry', {key: 'k-1', version});
      check('reserved', [twice.status, twice.body.code], [409, 'already_exists']);
      check('put', await put(made.body.signed_upload_url, content, {'x-ms-blob-type': 'BlockBlob'}), 201);
      const wrong = await call('CacheService', 'FinalizeCacheEntryUpload', {key: 'k-2', version, size_bytes: '1'});
      check('another key', wrong.status, 404);
      const done = await call('CacheService', 'FinalizeCacheEntryUpload',
        {key: 'k-1', version, size_bytes: String(content.length)});
      check('done', [done.status, done.body.ok], [200, true]);
      const hit = await call('CacheService', 'GetCacheEntryDownloadURL', {key: 'k-9', restore_keys: ['x', 'k-'], version});
      check('hit', [hit.body.ok, hit.body.matched_key], [true, 'k-1']);
      check('same', Buffer.compare(Buffer.from(await (await fetch(hit.body.signed_download_url)).arrayBuffer()), content), 0);
    """
        )
        self.assertIn("ok same", output)
        self.assertIn("by the wire", self.run_cache("exit 1", "cat deps/f"))

    def test_the_first_service_works_too(self):
        output = self.run_action(
            r"""
      const base = process.env.ACTIONS_CACHE_URL + '_apis/artifactcache/';
      const headers = {Authorization: `Bearer ${process.env.ACTIONS_RUNTIME_TOKEN}`, 'Content-Type': 'application/json'};
      const send = (method, path, body, more = {}) => fetch(base + path, {method, body, headers: {...headers, ...more}});
      check('miss', (await send('GET', 'cache?keys=old-1,old-&version=v')).status, 204);
      const reserved = await send('POST', 'caches', JSON.stringify({key: 'old-1', version: 'v', cacheSize: 6}));
      const {cacheId} = await reserved.json();
      check('reserved', reserved.status, 201);
      check('end', (await send('PATCH', `caches/${cacheId}`, 'def', {'Content-Range': 'bytes 3-5/*'})).status, 204);
      check('start', (await send('PATCH', `caches/${cacheId}`, 'abc', {'Content-Range': 'bytes 0-2/*'})).status, 204);
      check('size', (await send('POST', `caches/${cacheId}`, JSON.stringify({size: 6}))).status, 204);
      const hit = await (await send('GET', 'cache?keys=none,old-&version=v')).json();
      check('hit', hit.cacheKey, 'old-1');
      check('content', await (await fetch(hit.archiveLocation)).text(), 'abcdef');
      check('list', (await (await send('GET', 'caches?key=old')).json()).totalCount, 1);
      check('again', (await send('POST', 'caches', JSON.stringify({key: 'old-1', version: 'v'}))).status, 409);
    """
        )
        self.assertIn("ok again", output)


if __name__ == "__main__":
    unittest.main()
