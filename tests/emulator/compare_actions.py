"""What a built-in does beside what the published action does, and where it differs by intent."""

import json

READING = ("Describe", "Get", "List")

# What built-ins ask beyond the actions, and what for.
READS_BY_INTENT = {
    "BatchGetImage": "pre-flight",
    "DescribeLogGroups": "pre-flight",
    "DescribeServiceDeployments": "follows its own deployment",
    "DescribeServiceRevisions": "follows its own deployment",
    "DescribeServices": "after a pre-flight, and while it follows",
    "DescribeTargetGroupAttributes": "pre-flight",
    "DescribeTargetGroups": "pre-flight",
    "DescribeTargetHealth": "pre-flight, and why a deployment fails",
    "DescribeTaskDefinition": "pre-flight: drift, and what a rollback would need",
    "DescribeTasks": "tells of tasks",
    "GetCallerIdentity": "pre-flight: who passes roles",
    "GetDeploymentTarget": "tells of hooks and traffic",
    "GetRole": "pre-flight",
    "ListServiceDeployments": "follows its own deployment",
    "ListServices": "pre-flight: who else has the target group",
    "ListTasks": "tells of tasks",
    "SimulatePrincipalPolicy": "pre-flight: rights, without using them",
}

# Outputs that the actions lack.
OUTPUTS_BY_INTENT = {"deployment-id", "deployment-status", "rolled-back-to"}

# Cases in which nothing is changed where the action changes something, and why.
UNCHANGED_BY_INTENT = {"deploy-missing-service": "a service that is not there is told of before anything is registered"}


def reads(call):
    """Whether it only looks."""
    return call["operation"].startswith(READING) or call["operation"] in READS_BY_INTENT


def changes(requests):
    """Those that change something. An empty list of volumes is left out: built-ins send none, as in UpdateService it would take
    away what the service has."""
    found = []
    for call in requests:
        if not reads(call):
            parameters = {key: value for key, value in call["parameters"].items() if (key, value) != ("volumeConfigurations", [])}
            found.append({**call, "parameters": parameters})
    return found


def steps(done):
    """Ends and outputs, without those that the actions lack."""
    return {
        name: {**step, "outputs": {key: value for key, value in step["outputs"].items() if key not in OUTPUTS_BY_INTENT}}
        for name, step in done["steps"].items()
    }


def differences(case, published, builtin):
    """Sentences; none when the built-in is a drop-in."""
    if case in UNCHANGED_BY_INTENT:
        left = changes(builtin["requests"])
        return [f"changed all the same: {left}"] if left else []
    found = []
    for part, theirs, ours in (
        ("steps", steps(published), steps(builtin)),
        ("file", published.get("file"), builtin.get("file")),
        ("changes", changes(published["requests"]), changes(builtin["requests"])),
    ):
        if theirs != ours:
            found.append(f"{part}: {json.dumps(theirs)} became {json.dumps(ours)}")
    asked = {json.dumps(call, sort_keys=True) for call in builtin["requests"]}
    wanted = {json.dumps(call, sort_keys=True) for call in published["requests"] if reads(call)}
    found += [f"not asked: {call}" for call in sorted(wanted - asked)]
    more = {call["operation"] for call in builtin["requests"] if reads(call)} - {call["operation"] for call in published["requests"]}
    found += [f"asked beyond: {operation}" for operation in sorted(more - READS_BY_INTENT.keys())]
    return found
