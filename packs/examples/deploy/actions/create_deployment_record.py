"""Write the record of a deployment, and learn from the host agent where the application answers."""

import datetime

from deploy_http import Records, call, quoted

from attune_sdk import action


@action
def create(app_name, version, environment, host, health_path, context):
    """The record's id is derived from the execution, so that a second attempt writes the same record."""
    application = call("PUT", f"{host}/apps/{quoted(app_name)}")
    deployment_id = f"deployment.{app_name}.{context.execution_id}"
    record = {
        "app_name": app_name,
        "version": version,
        "environment": environment,
        "former_version": application["serving"],
        "status": "pending",
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    Records(context).write(deployment_id, record)
    print(f"{deployment_id}: {app_name} {version} to {environment}; now serving: {application['serving']}")
    return {
        "id": deployment_id,
        "url": application["url"],
        "health_url": application["url"] + health_path,
        "serving": application["serving"],
    }
