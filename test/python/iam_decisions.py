"""What moto's own reading of policies decides: one JSON line {"policies", "action", "resource"} in, one word out."""

import json
import sys

from moto.iam.access_control import IAMPolicy, PermissionResult


def decide(policies, action, resource):
    results = [IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource) for policy in policies]
    if PermissionResult.DENIED in results:
        return "denied"
    return "allowed" if PermissionResult.PERMITTED in results else "not allowed"


for line in sys.stdin:
    asked = json.loads(line)
    print(decide(asked["policies"], asked["action"], asked["resource"]))
