"""Post a message to a webhook receiver, as chat systems take them."""

from deploy_http import call

from attune_sdk import action


@action
def post(url, channel, message):
    call("POST", url, {"channel": channel, "message": message}, error_type="notification_error")
    return {"channel": channel, "posted": True}
