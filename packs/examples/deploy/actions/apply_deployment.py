"""Let the host agent serve the new release. The agent owns the process: it outlives this action."""

from deploy_http import call, quoted

from attune_sdk import action


@action
def apply(app_name, version, image, checksum, host):
    body = {"version": version, "checksum": checksum}
    application = call("POST", f"{host}/apps/{quoted(app_name)}/release", body)
    print(f"{app_name} {version} from {image} is starting at {application['url']}")
    return {"url": application["url"], "former_version": application["former"]}
