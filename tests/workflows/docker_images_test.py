"""docker's verbs of images in steps, and what `pipeline image` says of images."""

import hashlib
import io
import json
import os
import subprocess
import tarfile

from debian_registry import DebianRegistry
from harness import WorkflowTest
from images import make_image


# Asks an agent in one word and prints its answer.
ASK = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(void) {
  struct sockaddr_un address = {AF_UNIX, ""};
  strncpy(address.sun_path, getenv("SSH_AUTH_SOCK"), sizeof address.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return perror("connect"), 1;
  write(fd, "who", 3);
  char answer[100];
  ssize_t size = read(fd, answer, sizeof answer);
  return size > 0 && write(1, answer, (size_t)size) == size ? 0 : 1;
}
"""

AGENT = """
import os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
os.kill(os.getppid(), 10)
while True:
    connection, _ = server.accept()
    if connection.recv(3) == b"who":
        connection.sendall(b"agent of the step")
"""


class DockerImagesTest(WorkflowTest):
    """With images of busybox."""

    def setUp(self):
        super().setUp()
        make_image(self, "tiny:1", "ENV A=1", "RUN echo one > /one", 'CMD ["sh"]')

    def run_script(self, script, env=None, arguments=()):
        """What a step printed, line by line."""
        lines = "".join(f"          {line}\n" for line in script.strip().splitlines())
        self.workflow(
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
            f"      - shell: bash {{0}}\n        run: |\n{lines}"
        )
        self.commit()
        output = self.run_pipeline("run", ".github/workflows/test.yml", *arguments, env=env or {})
        return [line.split("│ ", 1)[1] for line in output.splitlines() if "│ " in line]

    def test_build_takes_what_buildx_takes(self):
        """Secrets, caches, platforms, attestations, annotations, files about what was built."""
        self.write("Dockerfile", "FROM tiny:1\nRUN --mount=type=secret,id=token wc -c < /run/secrets/token > /size\n")
        self.write("plain/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY file /for-$TARGETARCH\n")
        self.write("plain/file", "content\n")
        lines = self.run_script(
            """
            printf 'sécret\\0x' > token
            docker buildx build -q --secret id=token,src=token --cache-to type=local,dest=cache,mode=max -t app:1 . > /dev/null; echo "build $?"
            docker run --rm app:1 cat /size | sed 's/^/bytes: /'
            docker build --secret id=token,src=token --cache-from type=local,src=cache -t app:2 . 2>&1 | grep -c CACHED | sed 's/^/cached: /'
            TOKEN=abc docker build -q --secret id=token,env=TOKEN --no-cache --iidfile id --metadata-file meta.json --annotation org.example=x -t app:3 . > /dev/null
            docker inspect -f '{{.Id}}' app:3 | diff - id > /dev/null; [ "$(docker inspect -f '{{.Id}}' app:3)" = "$(cat id)" ] && echo same id
            python3 -c 'import json; meta = json.load(open("meta.json")); print(sorted(meta)[:3], meta["image.name"])'
            docker build -q --platform linux/amd64,linux/arm64 --provenance=mode=max --sbom=true -t both:1 plain > /dev/null; echo "index $?"
            docker build --secret id=token,src=absent . 2>&1 | grep -c 'reading the secret token' | sed 's/^/absent: /'
            printf 'FROM busy\nCOPY --from=more file /\nCOPY --from=busy one /two\n' > named
            docker build -q -f named --build-context more=plain --build-context busy=docker-image://tiny:1 -t named:1 . > /dev/null
            docker run --rm named:1 cat /file /two | tr '\n' ' ' | sed 's/^/named: /'; echo
            docker build -f named --build-context more=nowhere . 2>&1 | tail -n 1
            docker build --sbom=generator=x . 2>&1 | grep -c 'other generators are not run' | sed 's/^/sbom: /'
            """
        )
        for expected in (
            "build 0",
            "bytes: 9",
            "cached: 1",
            "same id",
            "['containerimage.config.digest', 'containerimage.descriptor', 'containerimage.digest'] docker.io/library/app:3",
            "index 0",
            "absent: 1",
            "named: content one ",
            'ERROR: unable to prepare context: path "nowhere": No such file or directory',
            "sbom: 1",
        ):
            self.assertIn(expected, lines)
        index = json.loads(self.run_pipeline("image", "inspect", "both:1"))
        self.assertEqual(index["config"]["os"], "linux")

    def test_checks_alone_build_nothing(self):
        """In a step and at a terminal; builds warn of the same."""
        self.write("Dockerfile", "FROM tiny:1\nRUN touch /never\nCMD echo $undefined\n")
        self.write("good/Dockerfile", 'FROM tiny:1\nENV B=$A\nCMD ["true"]\n')
        lines = self.run_script(
            """
            docker build --check .; echo "code $?"
            docker buildx build --call=check good; echo "code $?"
            docker build --call=outline . ; echo "code $?"
            docker build -q good > /dev/null 2>&1; echo "built $?"
            docker build . 2>&1 | grep WARNING
            """
        )
        for expected in (
            "Check complete, 1 warning has been found!",
            "WARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/",
            "   3 | >>> CMD echo $undefined",
            "code 1",
            "Check complete, no warnings found.",
            "code 0",
            "docker: --call=outline is not supported; what is: build, check",
            "built 0",
        ):
            self.assertIn(expected, lines)
        self.assertIn("#0 WARNING: Dockerfile:3: JSONArgsRecommended: JSON arguments recommended for CMD", "\n".join(lines))
        folder = os.fspath(self.folder / "repo")
        self.assertIn("Dockerfile:3", self.run_pipeline("image", "build", "--check", folder, code=1))
        self.assertIn("no warnings", self.run_pipeline("image", "build", "--check", folder + "/good"))

    def test_a_build_reaches_the_agent_of_its_step(self):
        """By SSH_AUTH_SOCK or by a path; the runner itself opens neither."""
        source = self.folder / "ask.c"
        source.write_text(ASK, encoding="utf-8")
        (self.repository / "app").mkdir()
        subprocess.run(["cc", "-static", "-o", self.repository / "app/ask", source], check=True)
        self.write("agent.py", AGENT)
        self.write("app/Dockerfile", "FROM tiny:1\nCOPY ask /ask\nRUN --mount=type=ssh,required /ask > /answer\n")
        self.write("named/Dockerfile", "FROM tiny:1\nRUN --mount=type=ssh,id=other,required [ -S $SSH_AUTH_SOCK ]\n")
        lines = self.run_script(
            """
            trap : USR1
            python3 agent.py /tmp/agent & wait
            SSH_AUTH_SOCK=/tmp/agent docker build -q --ssh default -t app:1 app > /dev/null
            docker run --rm app:1 cat /answer; echo
            docker build -q --ssh other=/tmp/agent named > /dev/null; echo "named $?"
            docker build --no-cache --ssh other=/tmp/agent app 2>&1 | tail -n 1
            docker build --ssh default app; echo "none $?"
            docker build --ssh default=/nowhere app 2>&1 | head -n 1
            docker build --ssh default=README.md app 2>&1 | tail -n 1
            kill %1
            """
        )
        for expected in ("agent of the step", "named 0", "--ssh default: SSH_AUTH_SOCK is not set", "none 1"):
            self.assertIn(expected, lines)
        output = "\n".join(lines)
        for expected in (
            'the ssh agent "default" is required and was not given',
            "connecting to /nowhere",
            "expected the socket of an ssh agent, found 'README.md'",
        ):
            self.assertIn(expected, output)

    def test_a_build_gives_out_files_and_archives(self):
        """With --output in all its forms; a build that fails leaves what was there."""
        self.write("Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY --chmod=751 made /bin/made-$TARGETARCH\nCOPY links /\nCOPY empty /empty\n")
        self.write("made", "content\n")
        self.write("empty/.keep", "")
        (self.repository / "links").mkdir()
        os.symlink("bin/made-amd64", self.repository / "links/link")
        lines = self.run_script(
            """
            mkdir -p out && echo old > out/other
            docker build -o out . 2> log; echo "folder $?"; ls out | tr '\\n' ' '; echo
            stat -c '%A %U' out/bin/made-*; readlink out/link
            docker build -q --output type=local,dest=quiet . | grep -c ^sha256: | sed 's/^/ids: /'
            docker buildx build --output=type=tar,dest=tree.tar . 2> log; tar -tf tree.tar | sort | tr '\\n' ' '; echo
            docker build -q -o - . | tar -t | grep -c . | sed 's/^/piped: /'
            docker build -q --platform linux/amd64,linux/arm64 -o both . > /dev/null; ls both both/linux_arm64/bin | tr '\\n' ' '; echo
            docker build -q -t app:1 -o type=oci,dest=image.tar . > /dev/null; docker rmi app:1 > /dev/null; docker load -i image.tar
            docker build -q -o type=docker,dest=- . 2> log | tar -x --to-stdout oci-layout | head -c 21; echo
            docker build -q -o type=image,name=named:7 . > /dev/null; docker images -q named:7 | wc -l | sed 's/^/named: /'
            cp tree.tar before.tar; docker build -o type=tar,dest=tree.tar --build-arg X=1 nowhere 2> log; echo "failed $?"
            cmp tree.tar before.tar && echo kept
            docker build -o type=tar,dest=out . 2>&1 | tail -n 1
            docker build -o type=zip,dest=a . ; echo "zip $?"
            docker build -o type=local,dest=x --attest type=sbom . 2>&1 | tail -n 1
            docker build --attest type=other . 2>&1 | head -n 1
            """
        )
        for expected in (
            "folder 0",
            "bin empty link other ",
            "-rwxr-x--x root",
            "bin/made-amd64",
            "ids: 1",
            "bin/ bin/made-amd64 empty/ empty/.keep link ",
            "piped: 5",
            "both: linux_amd64 linux_arm64  both/linux_arm64/bin: made-arm64 ",
            "Loaded image: app:1",
            '{"imageLayoutVersion"',
            "named: 1",
            "failed 1",
            "kept",
            "zip 1",
        ):
            self.assertIn(expected, lines)
        output = "\n".join(lines)
        for expected in (
            "destination directory out is a directory",
            "type=zip is not supported; what is: local, tar, oci, docker, image, registry, cacheonly",
            "attestations (sbom, provenance) go with images, not with files",
            "the attestation 'type=other' is not supported",
        ):
            self.assertIn(expected, output)

    def test_a_build_gives_out_several_things_at_once(self):
        """Each output whole, whichever else there is; one of them on standard output."""
        self.write("Dockerfile", "FROM scratch\nCOPY made /\n")
        self.write("made", "content\n")
        name = f"{DebianRegistry(self, self.folder / 'registry').address}/several:1"
        lines = self.run_script(
            f"""
            docker buildx build -t {name} --push -o out --output type=tar,dest=tree.tar -o type=oci,dest=image.tar -o - . > piped.tar 2> log
            echo "several $?"; cat out/made; tar -tf tree.tar; tar -tf piped.tar; tar -tf image.tar index.json
            docker rmi {name} > /dev/null; docker pull -q {name}
            docker build -q -o two --output three --load -t here:2 . | grep -c ^sha256: | sed 's/^/ids: /'
            cat two/made three/made | sort | uniq -c | tr -d ' '; docker images -q here:2 | wc -l
            docker build -o - -o type=oci . ; echo "both $?"
            docker build -o out -o made . 2>&1 | tail -n 1
            """
        )
        printed = lines[lines.index("several 0") :]  # behind the script, which is shown before it runs
        expected = ["several 0", "content", "made", "made", "index.json", name, "ids: 1", "2content", "1"]
        self.assertEqual(printed[:9], expected, lines)
        self.assertIn("both 1", lines)
        output = "\n".join(lines)
        self.assertIn("--output: more than one would write to standard output; give them a dest", output)
        self.assertIn("made", lines[-1])

    def test_an_index_is_made_of_images_in_a_registry(self):
        """docker buildx imagetools create and inspect, docker manifest inspect; skopeo finds what they say."""
        self.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
        name = f"{DebianRegistry(self, self.folder / 'registry').address}/parts"
        lines = self.run_script(
            f"""
            for cpu in amd64 arm64; do docker build -q --provenance=false --platform linux/$cpu -t {name}:$cpu --push . > /dev/null; done
            arm=$(docker buildx imagetools inspect {name}:arm64 --format '{{{{.Manifest.Digest}}}}')
            docker buildx imagetools create -t {name}:all -t {name}:latest {name}:amd64 {name}@$arm; echo "created $?"
            docker buildx imagetools create -t {name}:again {name}:all {name}:amd64
            docker buildx imagetools inspect {name}:again | grep -e Media -e Platform
            echo "digest $(docker buildx imagetools inspect --raw {name}:all | sha256sum | cut -d ' ' -f 1)"
            docker buildx imagetools inspect {name}:latest --format '{{{{json .Manifest}}}}' | python3 -c 'import json, sys; print("json", json.load(sys.stdin)["digest"])'
            docker manifest inspect {name}:all | python3 -c 'import json, sys; print("parts", len(json.load(sys.stdin)["manifests"]))'
            docker buildx imagetools create --dry-run {name}:all {name}:arm64 | grep -c '"digest"' | sed 's/^/dry: /'
            docker buildx imagetools create -t {name}-b:all {name}:all; echo "elsewhere $?"
            docker buildx imagetools inspect {name}:none; echo "none $?"
            docker buildx imagetools create {name}:all; echo "nowhere $?"
            """
        )
        raw = subprocess.run(
            ["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{name}:all"], check=True, capture_output=True
        ).stdout
        digest = hashlib.sha256(raw).hexdigest()
        platforms = [entry["platform"] for entry in json.loads(raw)["manifests"]]
        self.assertEqual([(p["os"], p["architecture"]) for p in platforms], [("linux", "amd64"), ("linux", "arm64")])
        printed = lines[lines.index("created 0") :]
        manifest = "  MediaType: application/vnd.oci.image.manifest.v1+json"
        for expected in (
            ["MediaType: application/vnd.oci.image.index.v1+json", manifest, "  Platform:  linux/amd64", manifest, "  Platform:  linux/arm64"],
            [f"digest {digest}", f"json sha256:{digest}", "parts 2", "dry: 2"],
        ):
            at = printed.index(expected[0])
            self.assertEqual(printed[at : at + len(expected)], expected)
        for expected in ("elsewhere 1", "none 1", "nowhere 125"):
            self.assertIn(expected, printed)
        self.assertIn(f"lies in {name}, not in {name}-b: copying between repositories is not supported", "\n".join(lines))

    def test_images_go_to_archives_and_back(self):
        """save, load and history; by file and by pipe; archives that are none are refused."""
        hostile = io.BytesIO()
        with tarfile.open(fileobj=hostile, mode="w") as archive:
            for name in ("../../escape", "/tmp/escape-of-load"):
                entry = tarfile.TarInfo(name)
                entry.size = 4
                archive.addfile(entry, io.BytesIO(b"evil"))
            link = tarfile.TarInfo("manifest.json")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/shadow"
            archive.addfile(link)
        (self.folder / "repo").mkdir(exist_ok=True)
        lines = self.run_script(
            f"""
            echo {hostile.getvalue().hex()} | xxd -r -p > hostile.tar
            docker save -o image.tar tiny:1; docker save tiny:1 | tar -tf - | grep -E '^(manifest|index).json$' | tr '\\n' ' '; echo
            id=$(docker inspect -f '{{{{.Id}}}}' tiny:1); docker rmi tiny:1 > /dev/null
            docker load -i image.tar; [ "$(docker inspect -f '{{{{.Id}}}}' tiny:1)" = "$id" ] && echo same
            docker rmi tiny:1 > /dev/null; gzip -c image.tar | docker load | sed 's/^/piped: /'
            docker run --rm tiny:1 cat /one
            docker history --no-trunc --format '{{{{.CreatedBy}}}}' tiny:1 | head -n 2
            docker history -q tiny:1 | tail -n 1
            docker load -i hostile.tar 2>&1 | tail -n 1; echo "code $?"
            head -c 1000 image.tar | docker load > /dev/null 2>&1 || echo refused
            docker tag tiny:1 other:1; docker save -o both.tar tiny:1 other:1
            tar -tf both.tar | grep -c blobs/ | sed 's/^/blobs of both: /'
            docker rmi tiny:1 other:1 > /dev/null; docker load -i both.tar | sed 's/^/both: /'
            docker save nobody:1 > /dev/null 2> error || cat error
            ls /tmp/escape-of-load ../../escape 2> /dev/null | wc -l | sed 's/^/escaped: /'
            """
        )
        for expected in (
            "index.json manifest.json ",
            "Loaded image: tiny:1",
            "same",
            "piped: Loaded image: tiny:1",
            "one",
            "<missing>",
            "refused",
            "blobs of both: 4",
            "both: Loaded image: tiny:1",
            "both: Loaded image: other:1",
            "Error response from daemon: reference does not exist: nobody:1",
            "escaped: 0",
        ):
            self.assertIn(expected, lines)
        self.assertTrue(any("RUN" in line and "echo one" in line for line in lines), lines)

    def test_the_history_of_an_image_and_what_differs_between_two(self):
        """As text and as JSON."""
        make_image(
            self,
            "tiny:2",
            "ENV A=2",
            "RUN echo two > /two; chmod 700 /tmp; busybox chown 1000:1000 /etc/group; echo more >> /etc/passwd; ln -sf cat /bin/ls",
            'CMD ["sh"]',
        )
        history = json.loads(self.run_pipeline("image", "history", "--json", "tiny:2"))
        self.assertIn("chmod 700", history[1]["created_by"])
        self.assertIn("digest", history[1]["layer"])
        self.assertIn("CMD", self.run_pipeline("image", "history", "tiny:2").splitlines()[0])
        found = json.loads(self.run_pipeline("image", "diff", "tiny:1", "tiny:2", "--json"))
        changes = {file["path"]: (file["change"], file["what"]) for file in found["files"]}
        self.assertEqual(changes["/one"], ("removed", []))
        self.assertEqual(changes["/two"], ("added", []))
        self.assertEqual(changes["/tmp"], ("changed", ["mode 1777 → 700"]))
        self.assertEqual(changes["/etc/passwd"], ("changed", ["content"]))
        self.assertEqual(changes["/bin/ls"], ("changed", ["link busybox → cat"]))
        if os.geteuid() == 0:
            self.assertEqual(changes["/etc/group"], ("changed", ["owner 0:0 → 1000:1000"]))
        self.assertEqual([change["name"] for change in found["config"]], ["config.Env"])
        self.assertEqual(json.loads(self.run_pipeline("image", "diff", "tiny:1", "tiny:1", "--json")), {"files": [], "config": []})
        self.assertIn("~ /tmp  mode 1777 → 700\n", self.run_pipeline("image", "diff", "tiny:1", "tiny:2"))

    def test_jobs_pull_through_the_mirrors_of_the_machine(self):
        """registries.json; a blocked registry is one for jobs, too; a network policy holds for mirrors."""
        registry = DebianRegistry(self, self.folder / "registry")
        self.run_pipeline("image", "tag", "tiny:1", f"{registry.address}/library/mirrored:1")
        self.run_pipeline("image", "push", f"{registry.address}/library/mirrored:1")
        config = self.folder / "registries.json"
        mirrors = {"docker.io": {"mirrors": [f"http://{registry.address}"]}, "blocked.example": {"blocked": True}}
        config.write_text(json.dumps({"registries": mirrors}))
        env = {"PIPELINE_REGISTRIES": os.fspath(config)}
        script = """
        docker pull -q mirrored:1; docker run --rm mirrored:1 cat /one | sed 's/^/mirrored: /'
        docker pull blocked.example/a:1 2>&1 | tail -n 1
        """
        lines = self.run_script(script, env=env)
        self.assertIn("mirrored: one", lines)
        self.assertTrue(any("blocked" in line for line in lines), lines)
        config.write_text("{")
        self.assertTrue(any("registries.json" in line for line in self.run_script("docker pull x:1 2>&1; true", env=env)))

    def test_builders_and_the_context_have_names(self):
        """docker buildx create, use, inspect, ls, rm, as scripts and docker/setup-buildx-action call them."""
        self.write("Dockerfile", "FROM tiny:1\n")
        lines = self.run_script(
            """
            docker buildx > /dev/null; echo "available: $?"
            docker buildx version | cut -d ' ' -f 1,2
            docker buildx inspect | grep ^Name:
            docker buildx create --name mine --driver docker-container --driver-opt network=host --use
            docker buildx inspect --bootstrap | grep -e ^Name: -e ^Platforms: | tr -s ' '
            docker buildx ls | grep -c '^mine\\*'
            docker buildx build --builder mine -q -t app:1 . > /dev/null; echo "build: $?"
            docker buildx create --name mine; echo "again: $?"
            docker buildx use default; docker buildx inspect | grep ^Name: | sed 's/^/now: /'
            docker buildx rm mine; docker buildx inspect mine; echo "gone: $?"
            docker buildx create --name ../x; echo "odd: $?"
            docker context show; docker context inspect --format '{{.Name}}' | sed 's/^/context: /'
            docker context inspect | python3 -c 'import json, sys; print("endpoints:", *json.load(sys.stdin)[0]["Endpoints"])'
            docker context use other; echo "other: $?"
            """
        )
        for expected in (
            "available: 0",
            "github.com/docker/buildx v0.12.0",
            "Name:          default",
            "mine",
            "Name: mine",
            "Platforms: linux/amd64",
            "1",
            "build: 0",
            "again: 1",
            "now: Name:          default",
            "mine removed",
            'ERROR: no builder "mine" found',
            "gone: 1",
            "odd: 1",
            "default",
            "context: default",
            "endpoints: docker",
            "other: 1",
        ):
            self.assertIn(expected, lines)
