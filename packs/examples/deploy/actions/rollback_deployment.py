"""Let the host agent stop the release that failed and bring the former one back."""

from deploy_http import call, quoted

from attune_sdk import action


@action
def roll_back(app_name, version, host):
    application = call("POST", f"{host}/apps/{quoted(app_name)}/rollback", {"away_from": version})
    print(f"{app_name}: {version} is stopped, {application['serving'] or 'nothing'} serves")
    return {"serving": application["serving"]}
