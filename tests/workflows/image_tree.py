"""An image's files and configuration as plain data, read from its blobs by Python's own tar reader."""

import hashlib
import json
import lzma  # noqa: F401 - tarfile needs it for xz
import tarfile

KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "link",
    tarfile.LNKTYPE: "hard link",
    tarfile.FIFOTYPE: "fifo",
}
CONFIG_MEMBERS = (
    "User ExposedPorts Env Entrypoint Cmd Volumes WorkingDir Labels StopSignal Healthcheck OnBuild Shell".split()
)


def add_layer(tree, file):
    """One layer over the tree: path → its facts."""
    with tarfile.open(fileobj=file, mode="r:*") as layer:
        for member in layer:
            path = "/" + member.name.strip("/").removeprefix("./")
            if path in ("/", "/."):
                continue
            folder, _, name = path.rpartition("/")
            if name == ".wh..wh..opq":
                for other in [other for other in tree if other.startswith(folder + "/")]:
                    del tree[other]
                continue
            if name.startswith(".wh."):
                gone = folder + "/" + name.removeprefix(".wh.")
                for other in [other for other in tree if other == gone or other.startswith(gone + "/")]:
                    del tree[other]
                continue
            facts = {"kind": KINDS.get(member.type, member.type), "owner": f"{member.uid}:{member.gid}"}
            if member.islnk():
                facts = dict(tree["/" + member.linkname.strip("/").removeprefix("./")])
            elif member.issym():
                facts["to"] = member.linkname
            else:
                facts["mode"] = oct(member.mode & 0o7777)  # some write the kind into it, too
            if member.isreg():
                facts["content"] = hashlib.sha256(layer.extractfile(member).read()).hexdigest()
            if facts["kind"] != "folder":
                for other in [other for other in tree if other.startswith(path + "/")]:
                    del tree[other]
            tree[path] = facts


def read_image(read, manifest):
    """(files, configuration); `read` opens a blob by its digest."""
    tree = {}
    for layer in manifest["layers"]:
        with read(layer["digest"]) as file:
            add_layer(tree, file)
    with read(manifest["config"]["digest"]) as file:
        document = json.load(file)
    whole = document.get("config") or {}
    config = {name: whole[name] for name in CONFIG_MEMBERS if whole.get(name)}
    for name in ("os", "architecture", "author"):
        if document.get(name):
            config[name] = document[name]
    return tree, config


def read_layout_archive(path):
    """Of an OCI layout in a tar, as `image save` writes it."""
    with tarfile.open(path) as archive:

        def read(digest):
            return archive.extractfile("blobs/" + digest.replace(":", "/"))

        index = json.load(archive.extractfile("index.json"))
        with read(index["manifests"][0]["digest"]) as file:
            return read_image(read, json.load(file))


def read_folder(path):
    """Of a folder of blobs, as the transport `dir:` writes it."""

    def read(digest):
        return open(path / digest.partition(":")[2], "rb")  # pylint: disable=consider-using-with

    return read_image(read, json.loads((path / "manifest.json").read_text()))
