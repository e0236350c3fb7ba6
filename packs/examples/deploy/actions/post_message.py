"""Post a message to a webhook receiver. A second attempt has the same key, so that nobody reads it twice."""

from deploy_http import call

from attune_sdk import action


@action
def post(url, channel, message, context):
    body = {"channel": channel, "message": message}
    call("POST", url, body, key=context.idempotency_key, error_type="notification_error")
    return {"channel": channel, "posted": True}
