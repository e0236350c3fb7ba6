"""One look at whether the release accepts connections. Waiting is the workflow's: it retries this task."""

from deploy_http import call, quoted

from attune_sdk import ActionFailed, action


@action
def ready(app_name, host):
    application = call("GET", f"{host}/apps/{quoted(app_name)}")
    state = application["state"]
    if state == "ready":
        return {"serving": application["serving"]}
    if state == "starting":
        raise ActionFailed("not_ready", f"{app_name} is still starting")
    raise ActionFailed("crashed", f"{app_name} is not running (state: {state})")
