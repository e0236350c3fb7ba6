"""Pack a release's directory into an archive that is the same for the same files, and hand it to the registry."""

import gzip
import hashlib
import io
import pathlib
import tarfile

from deploy_http import call

from attune_sdk import ActionFailed, action


@action
def build(app_name, version, registry, context):
    root = source_of(pathlib.Path(context.pack_dir or pathlib.Path(__file__).parents[1]), app_name, version)
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    data = archive(root, files)
    checksum = hashlib.sha256(data).hexdigest()
    image_uri = f"{registry}/archives/{checksum}"
    call("PUT", image_uri, data, error_type="registry_error")
    print(f"packed {len(files)} files into {len(data)} bytes, sha256 {checksum}")
    return {"image_uri": image_uri, "checksum": checksum, "size": len(data), "files": len(files)}


def source_of(pack_dir, app_name, version):
    """The release's directory. Names cannot lead out of the pack's releases."""
    releases = (pack_dir / "releases").resolve()
    root = (releases / app_name / version).resolve()
    if root.parent.parent != releases or not root.is_dir():
        raise ActionFailed("unknown_release", f"there is no release {version} of {app_name} in {releases.name}/")
    return root


def archive(root, files):
    """A gzipped tar without times, owners and modes of this machine."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for path in files:
            member = tarfile.TarInfo(path.relative_to(root).as_posix())
            member.size, member.mode = path.stat().st_size, 0o644
            with path.open("rb") as content:
                tar.addfile(member, content)
    return gzip.compress(plain.getvalue(), mtime=0)
