"""Archives that attack who unpacks them. Each is made byte by byte: the usual writers refuse to."""

import base64
import gzip
import hashlib
import io
import json
import platform
import struct
import tarfile

FILE, HARD, SYMLINK, CHAR, BLOCK, FOLDER, FIFO = "0", "1", "2", "3", "4", "5", "6"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
EXABYTE = 1 << 60


def number(value, width):
    """A field of a header: octal, or base 256 where that is too short."""
    if 0 <= value < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, value)
    return bytes([0x80 if value >= 0 else 0xFF]) + (value & (256 ** (width - 1) - 1)).to_bytes(width - 1, "big")


def block(
    name,
    kind=FILE,
    content=b"",
    link="",
    size=None,
    mode=0o644,
    uid=0,
    gid=0,
    mtime=0,
    device=(0, 0),
    magic=b"ustar\0" + b"00",
):
    """A header and its content, filled up to whole blocks."""
    name = name if isinstance(name, bytes) else name.encode()
    head = bytearray(512)
    head[0:100] = name[:100].ljust(100, b"\0")
    head[100:108] = number(mode, 8)
    head[108:116] = number(uid, 8)
    head[116:124] = number(gid, 8)
    head[124:136] = number(len(content) if size is None else size, 12)
    head[136:148] = number(mtime, 12)
    head[156:157] = kind.encode()
    head[157:257] = link.encode()[:100].ljust(100, b"\0")
    head[257:265] = magic
    head[329:337] = number(device[0], 8)
    head[337:345] = number(device[1], 8)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + content + b"\0" * (-len(content) % 512)


def pax(**records):
    """A pax header; `_` in a name stands for a dot, values may be bytes."""
    text = b""
    for name, value in records.items():
        body = (
            b" "
            + name.replace("__", ".").encode()
            + b"="
            + (value if isinstance(value, bytes) else value.encode())
            + b"\n"
        )
        length = len(body)
        while length != len(body) + len(str(length)):
            length = len(body) + len(str(length))
        text += str(length).encode() + body
    return block("pax", "x", text)


END = b"\0" * 1024


def tar(*blocks):
    """A whole archive."""
    return b"".join(blocks) + END


def digest(data):
    """As registries write it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def zeros(count):
    """A gzip of a tar with one file of so many zeros, made without holding them."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0) as packed:
        packed.write(block("zeros", size=count))
        for _ in range(count >> 20):
            packed.write(b"\0" * (1 << 20))
        packed.write(END)
    return out.getvalue()


class Attack:
    """Layers (tars, or bytes as they are), and what has to come of them."""

    def __init__(self, name, layers, refused=None, entry=None, **more):
        self.name = name
        self.layers = layers if isinstance(layers, list) else [layers]
        self.refused = refused  # a pattern of the error, or None when it is harmless
        self.entry = entry  # what the error has to name
        self.flat_is_harmless = more.get("flat_is_harmless", False)
        self.diff_ids = more.get("diff_ids")
        self.at_load = more.get("at_load", False)
        self.manifest = more.get("manifest", lambda manifest: manifest)
        self.blobs = more.get("blobs", lambda blobs: blobs)
        self.check = more.get("check", lambda test, tree: None)

    def write(self, path):
        """The attack as an OCI archive with the name attack:1."""
        stored, diff_ids = [], []
        for layer in self.layers:
            is_packed = layer[:2] == b"\x1f\x8b"
            diff_ids.append(self.diff_ids or digest(plain_of(layer)))
            kind = "application/vnd.oci.image.layer.v1.tar" + ("+gzip" if is_packed else "")
            stored.append((layer, {"mediaType": kind, "digest": digest(layer), "size": len(layer)}))
        config = {
            "architecture": ARCHITECTURE,
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        }
        config = json.dumps(config).encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": digest(config),
                "size": len(config),
            },
            "layers": [descriptor for _, descriptor in stored],
        }
        manifest = json.dumps(self.manifest(manifest)).encode()
        entry = {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest(manifest),
            "size": len(manifest),
        }
        entry["annotations"] = {"org.opencontainers.image.ref.name": "attack:1"}
        index = {"schemaVersion": 2, "manifests": [entry]}
        blobs = {
            digest(data).removeprefix("sha256:"): data for data in (manifest, config, *(data for data, _ in stored))
        }
        blobs = self.blobs(blobs)
        with tarfile.open(path, "w") as archive:
            for name, data in {
                "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
                "index.json": json.dumps(index).encode(),
                **{"blobs/sha256/" + name: data for name, data in blobs.items()},
            }.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))


def plain_of(layer):
    """What a layer unpacks to, as far as it can be unpacked."""
    if layer[:2] != b"\x1f\x8b" or len(layer) > 500_000:
        return layer
    try:
        return gzip.decompress(layer)
    except (OSError, EOFError):
        return layer


def with_layer(**changes):
    """A manifest whose first layer says something else."""

    def change(manifest):
        manifest["layers"][0].update(changes)
        return manifest

    return change


def damaged_header():
    """A header whose checksum is wrong."""
    head = bytearray(block("file", content=b"x"))
    head[150] ^= 1
    return bytes(head) + END


def sparse(kind):
    """A sparse file with a hole of an exabyte, old GNU or pax 1.0."""
    if kind == "old":
        head = bytearray(block("hole", "S", magic=b"ustar  \0"))
        head[386:398] = number(EXABYTE, 12)
        head[398:410] = number(0, 12)
        head[483:495] = number(EXABYTE, 12)
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head[:512])
        return tar(bytes(head))
    records = {
        "GNU__sparse__major": "1",
        "GNU__sparse__minor": "0",
        "GNU__sparse__name": "hole",
        "GNU__sparse__realsize": str(EXABYTE),
    }
    table = b"1\n%d\n0\n" % EXABYTE
    return tar(pax(**records), block("GNUSparseFile/hole", content=table.ljust(512, b"\0")))


def capability():
    """security.capability with CAP_SYS_ADMIN."""
    return struct.pack("<IIIII", 0x02000001, 1 << 21, 0, 0, 0)


def has_no_bits(test, tree):
    """No set-user-id bit, no capability."""
    for path in tree.iterdir():
        test.assertEqual(path.lstat().st_mode & 0o6000, 0, path)


def has(name, content):
    """The file is there, in the tree, and is a file."""

    def check(test, tree):
        test.assertFalse((tree / name).is_symlink())
        test.assertEqual((tree / name).read_bytes(), content)

    return check


def has_not(*names):
    """Nothing of that name was made."""

    def check(test, tree):
        for name in names:
            test.assertFalse((tree / name).is_symlink() or (tree / name).exists(), name)

    return check


def attacks(outside):
    """All of them; `outside` is a folder with a file `secret` that nobody may reach."""
    out = str(outside).lstrip("/")
    absolute = "/" + out
    up = "../" * 20
    link = block("link", SYMLINK, link=absolute)
    leads_out, no_folder, not_here = (
        "leads out of the image",
        "is no folder here but a link or a file",
        "is not in this archive",
    )
    token = base64.b16encode(b"escape").decode()
    return [
        Attack("dot dot", tar(block("../" + token, content=b"x")), leads_out, "../" + token),
        Attack("many dot dots", tar(block(up + "tmp/" + token, content=b"x")), leads_out, token),
        Attack("dot dot inside", tar(block("a", FOLDER), block("a/../../" + token)), leads_out, "a/../../" + token),
        Attack("absolute name", tar(block(absolute + "/" + token, content=b"x")), check=has(out + "/" + token, b"x")),
        Attack("absolute name with dot dot", tar(block("/../" + token)), leads_out, token),
        Attack("folder dot dot", tar(block("..", FOLDER, mode=0o777)), leads_out, ".."),
        Attack("write through a link", tar(link, block("link/" + token, content=b"x")), no_folder, "link/" + token),
        Attack(
            "write through a relative link",
            tar(block("l", SYMLINK, link=up + out), block("l/" + token)),
            no_folder,
            "l/" + token,
        ),
        Attack(
            "write over a link",
            tar(block("s", SYMLINK, link=absolute + "/secret"), block("s", content=b"x")),
            check=has("s", b"x"),
        ),
        Attack(
            "link of links",
            tar(link, block("deep", SYMLINK, link="link/."), block("deep/" + token)),
            no_folder,
            "deep/" + token,
        ),
        Attack(
            "folder, then link, then write",
            tar(block("d", FOLDER), block("d", SYMLINK, link=absolute), block("d/" + token)),
            no_folder,
            "d/" + token,
        ),
        Attack(
            "write through a link of the layer below",
            [tar(link), tar(block("link/" + token, content=b"x"))],
            no_folder,
            "link/" + token,
            flat_is_harmless=None,
        ),
        Attack("whiteout through a link", tar(link, block("link/.wh.secret")), no_folder, "link/.wh.secret"),
        Attack(
            "whiteout through a link of the layer below",
            [tar(link), tar(block("link/.wh.secret"))],
            no_folder,
            "link/.wh.secret",
            flat_is_harmless=None,
        ),
        Attack("opaque mark through a link", tar(link, block("link/.wh..wh..opq")), no_folder, "link/.wh..wh..opq"),
        Attack(
            "opaque mark through a link of the layer below",
            [tar(link), tar(block("link/.wh..wh..opq"))],
            no_folder,
            "link/.wh..wh..opq",
            flat_is_harmless=None,
        ),
        Attack(
            "hard link out", tar(block("h", HARD, link=absolute + "/secret"), block("h", content=b"x")), not_here, '"h"'
        ),
        Attack("hard link with dot dots", tar(block("h", HARD, link=up + out + "/secret")), leads_out, '"h"'),
        Attack("hard link through a link", tar(link, block("h", HARD, link="link/secret")), not_here, '"h"'),
        Attack(
            "hard link to a link, then write",
            tar(block("l", SYMLINK, link=absolute + "/secret"), block("h", HARD, link="l"), block("h", content=b"x")),
            check=has("h", b"x"),
        ),
        Attack("hard link to a folder", tar(block("d", FOLDER), block("h", HARD, link="d")), not_here, '"h"'),
        Attack("hard link to itself", tar(block("h", content=b"x"), block("h", HARD, link="h")), check=has("h", b"x")),
        Attack(
            "hard link across layers",
            [tar(block("a", content=b"x")), tar(block("h", HARD, link="a"))],
            not_here,
            '"h"',
            flat_is_harmless=True,
        ),
        Attack("whiteout of nothing", tar(block(".wh.")), "names no file", ".wh."),
        Attack("whiteout of dot", tar(block("a", FOLDER), block("a/.wh..")), "names no file", "a/.wh.."),
        Attack("whiteout of dot dot", tar(block("a", FOLDER), block("a/.wh...")), "names no file", "a/.wh..."),
        Attack("whiteout with dot dots behind", tar(block(".wh.a/../../" + token)), leads_out, token),
        Attack(
            "opaque mark as a folder",
            tar(block("a", FOLDER), block("a/.wh..wh..opq", FOLDER), block("a/b", content=b"x")),
            check=has("a/b", b"x"),
        ),
        Attack(
            "character device",
            tar(block("null", CHAR, device=(1, 3), mode=0o666), block("a", content=b"x")),
            check=has_not("null"),
        ),
        Attack(
            "block device",
            tar(block("disk", BLOCK, device=(254, 0), mode=0o666), block("a", content=b"x")),
            check=has_not("disk"),
        ),
        Attack(
            "device as a forged whiteout",
            tar(block("etc", CHAR, device=(0, 0)), block("a", content=b"x")),
            check=has_not("etc"),
        ),
        Attack("pipe, then write", tar(block("p", FIFO), block("p", content=b"x")), check=has("p", b"x")),
        Attack(
            "set-user-id",
            tar(block("tool", content=b"x", mode=0o6755), block("d", FOLDER, mode=0o6777)),
            check=has_no_bits,
        ),
        Attack(
            "capabilities",
            tar(pax(SCHILY__xattr__security__capability=capability()), block("tool", content=b"x")),
            check=has("tool", b"x"),
        ),
        Attack(
            "forged redirect of an overlay",
            tar(pax(SCHILY__xattr__trusted__overlay__redirect=absolute), block("d", FOLDER)),
            check=has_not("d/secret"),
        ),
        Attack(
            "forged opaque mark of an overlay", tar(pax(SCHILY__xattr__user__overlay__opaque="y"), block("d", FOLDER))
        ),
        Attack("pax path", tar(pax(path="../" + token), block("a", content=b"x")), leads_out, "../" + token),
        Attack("pax link path", tar(pax(linkpath=absolute + "/secret"), block("h", HARD, link="a")), not_here, '"h"'),
        Attack(
            "pax size of an exabyte",
            tar(pax(size=str(EXABYTE)), block("a", content=b"x")),
            "unpacks to more than 64.0 GiB",
            '"a"',
        ),
        Attack("negative size", tar(block("a", size=-512)), "reading the tar|negative size"),
        Attack("pax path with a zero byte", tar(pax(path=b"a\0/../../" + token.encode()), block("a", content=b"x"))),
        Attack(
            "one name, many times", tar(*[block("a", content=b"%d" % n) for n in range(2000)]), check=has("a", b"1999")
        ),
        Attack(
            "file, folder, file",
            tar(block("a"), block("a", FOLDER), block("a/b"), block("a", content=b"x")),
            check=has("a", b"x"),
        ),
        Attack("file used as a folder", tar(block("a", content=b"x"), block("a/b")), no_folder, "a/b"),
        Attack(
            "a hundred thousand folders deep",
            tar(pax(path="a/" * 100_000 + "b"), block("b")),
            "File name too long",
            "a/a/a/a",
        ),
        Attack("a name of 300 characters", tar(pax(path="n" * 300), block("b")), "File name too long", "nnnn"),
        Attack("escape sequences in a name", tar(block("../\x1b[31m\r\nred")), leads_out, r"\x1b[31m\x0d\x0ared"),
        Attack(
            "a name that is no text",
            tar(block(b"\xff\xfe\x80", content=b"x"), block("a", content=b"x")),
            check=has("a", b"x"),
        ),
        Attack(
            "times and owners out of range",
            tar(
                block("a", content=b"x", mtime=-(1 << 40), uid=1 << 31, gid=1 << 33), block("b", mtime=1 << 60, uid=-5)
            ),
            check=has("a", b"x"),
        ),
        Attack("old sparse file with a hole of an exabyte", sparse("old"), "unpacks to more than 64.0 GiB", '"hole"'),
        Attack("sparse file with a hole of an exabyte", sparse("pax"), "unpacks to more than 64.0 GiB", '"hole"'),
        Attack(
            "a file larger than its archive", tar(block("a", content=b"x", size=1 << 30)), "reading the tar|ends", '"a"'
        ),
        Attack("a wrong checksum", damaged_header(), "reading the tar"),
        Attack("no tar at all", b"this is no tar at all" * 100, "reading the tar"),
        Attack(
            "cut gzip",
            gzip.compress(tar(block("a", content=bytes(range(256)) * 4 + digest(b"").encode() * 9)), mtime=0)[:-40],
            "gzip data",
        ),
        Attack(
            "garbage behind the gzip", gzip.compress(tar(block("a", content=b"x")), mtime=0) + b"garbage", "gzip data"
        ),
        Attack(
            "two gzip members",
            gzip.compress(block("a", content=b"x"), mtime=0) + gzip.compress(tar(block("b", content=b"y")), mtime=0),
            check=has("b", b"y"),
        ),
        Attack("a bomb of zeros", zeros(1100 << 20), "more than 250 times as much|unpacks to sha256"),
        Attack("a huge pax header", tar(block("pax", "x", b"", size=2 << 30)), "reading the tar|pax"),
        Attack(
            "content that is not its diff_id",
            tar(block("a", content=b"x")),
            "but the image's configuration says",
            diff_ids=digest(b"other"),
        ),
        Attack("a layer twice", [tar(block("a", content=b"x"))] * 2, check=has("a", b"x")),
        Attack("an empty layer", tar()),
        Attack(
            "600 layers",
            [tar(block("a", content=b"x"))],
            "600 layers",
            at_load=True,
            manifest=lambda m: {**m, "layers": m["layers"] * 600},
        ),
        Attack(
            "a layer larger than it says",
            tar(block("a", content=b"x")),
            "bytes, the manifest says 5",
            at_load=True,
            manifest=with_layer(size=5),
        ),
        Attack(
            "a digest of sha512", tar(), "is no digest", at_load=True, manifest=with_layer(digest="sha512:" + "0" * 128)
        ),
        Attack(
            "a digest in capitals",
            tar(),
            "is no digest",
            at_load=True,
            manifest=with_layer(digest=digest(tar()).upper().replace("SHA", "sha")),
        ),
        Attack(
            "a digest that is a path",
            tar(),
            "is no digest",
            at_load=True,
            manifest=with_layer(digest="sha256:../../../../../etc/passwd"),
        ),
        Attack(
            "a layer of an unknown type",
            tar(),
            "cannot be unpacked",
            at_load=True,
            manifest=with_layer(mediaType="application/x-shockwave-flash"),
        ),
        Attack(
            "a blob that is not its digest",
            tar(),
            "has the content of",
            at_load=True,
            blobs=lambda blobs: {name: data + b" " for name, data in blobs.items()},
        ),
        Attack(
            "a blob named by a path",
            tar(),
            "has the content of",
            at_load=True,
            blobs=lambda blobs: {"../../../" + token: b"x", **{name: data + b" " for name, data in blobs.items()}},
        ),
        Attack(
            "a layer that is missing",
            tar(block("a")),
            "lacks the blob",
            at_load=True,
            blobs=lambda blobs: {name: data for name, data in blobs.items() if data[:1] == b"{"},
        ),
    ]
