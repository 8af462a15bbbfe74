"""Checks the template of AWS: check.py ROOT NGINX_CONF

ROOT is a copy of the repository, and NGINX_CONF what scripts/edge prints. Every fault is a line with the name of its rule,
and the exit status says whether there are any.
"""

import json
import pathlib
import re
import subprocess
import sys

import edge
import yaml
from template import Template, ref

# Not on AWS: standalone is for one person, figures for what scrapes it, and the app lies in S3.
ELSEWHERE = {"standalone", "figures"}
REGIONS = ["ap-northeast-2", "us-east-1"]
HEADERS = {
    "content-security-policy": ("ContentSecurityPolicy", lambda said: said["ContentSecurityPolicy"]),
    "x-content-type-options": ("ContentTypeOptions", lambda _: "nosniff"),
    "referrer-policy": ("ReferrerPolicy", lambda said: said["ReferrerPolicy"]),
    "strict-transport-security": (
        "StrictTransportSecurity",
        lambda said: f"max-age={said['AccessControlMaxAgeSec']}" + "; includeSubDomains" * said["IncludeSubdomains"],
    ),
}


def faults(root, configuration):
    try:
        template = Template(root)
    except yaml.YAMLError as error:
        yield "template", f"can't be read: {error}"
        return
    there = edge.Edge(configuration)
    programs = crates(root)
    for name, function in template.functions():
        yield from function_faults(root, template, name, function, programs)
    names = {name for name, _ in template.functions()}
    for name in sorted(programs - names):
        yield "function", f"{name}: there is no function of it"
    yield from paths(template, there)
    yield from headers(template, there)
    yield from budget(root, template)
    yield from schedules(root, template)
    yield from database(template)
    yield from network(template)
    yield from storage(template)
    yield from secrets(template)
    yield from watched(root, template)
    yield from page(root, template)


def crates(root):
    folders = {path.parent.parent.name for path in root.glob("functions/*/src/main.rs")}
    return folders - ELSEWHERE | {"migrate"}


def function_faults(root, template, name, function, programs):
    if name not in programs:
        yield "function", f"{name}: there is no such program"
    if function.get("CodeUri") != f"../target/lambda/arm64/{name}.zip":
        yield "function", f"{name}: expected its own package, ../target/lambda/arm64/{name}.zip"
    if function.get("Architectures") != ["arm64"] or function.get("Runtime") != "provided.al2023":
        yield "function", f"{name}: expected arm64 on provided.al2023"
    if function.get("Tracing") != "Active":
        yield "function", f"{name}: expected Tracing Active"
    group = template.properties(ref(function.get("LoggingConfig", {}).get("LogGroup")) or "")
    if not group.get("RetentionInDays"):
        yield "log", f"{name}: expected a LogGroup with RetentionInDays"
    variables = function["Environment"]["Variables"]
    url = variables.get("DATABASE_URL", {}).get("Fn::Sub", "")
    allowed = [statement for policy in function.get("Policies", []) for statement in policy["Statement"]]
    if name == "migrate":
        if (
            url != "mysql://${Database.Endpoint.Address}/hanip"
            or ref(variables.get("DATABASE_SECRET_ARN")) != "Database"
        ):
            yield "sign-in", "migrate: expected the secret that RDS keeps, in DATABASE_SECRET_ARN"
    else:
        if (
            url != f"mysql://hanip_{name}@${{Database.Endpoint.Address}}/hanip"
            or variables.get("DATABASE_IAM") != "true"
        ):
            yield "sign-in", f"{name}: expected the user hanip_{name}, and DATABASE_IAM"
        for statement in allowed:
            if not str(statement["Resource"].get("Fn::Sub")).endswith(f":${{Database.DbiResourceId}}/hanip_{name}"):
                yield "sign-in", f"{name}: its role may be somebody else in the database"
        if [statement["Action"] for statement in allowed] != ["rds-db:connect"]:
            yield "sign-in", f"{name}: expected a role that may do rds-db:connect and nothing else"
    if (
        variables.get("DATABASE_CA_FILE") != "/opt/database.pem"
        or ref(function.get("Layers", [None])[0]) != "Certificates"
    ):
        yield "sign-in", f"{name}: expected the certificates of the layer, in DATABASE_CA_FILE"
    cells = re.findall(r"(?m)^\| (.*?) \|", (root / "docs/settings.md").read_text())
    known = set(re.findall(r"`(\w+)`", " ".join(cells)))
    for variable in variables:
        setting = re.sub(r"_FILE$", "", variable)
        setting = re.sub(r"^OAUTH_(KAKAO|NAVER|GITHUB)_", "OAUTH_GOOGLE_", setting)
        if not variable.startswith("AWS_") and setting not in known:
            yield "setting", f"{name}: {variable} is not in docs/settings.md"
    if any(event.get("Path", "").startswith("/api/") for event in template.events(function, "HttpApi")):
        return
    if name != "migrate" and not template.events(function, "ScheduleV2"):
        yield "function", f"{name}: nothing invokes it"


def paths(template, there):
    found = {}
    for name, function in template.functions():
        for event in template.events(function, "HttpApi"):
            if event.get("Method") != "ANY" or ref(event.get("ApiId")) != "Api":
                yield "path", f"{name}: expected ANY of {event.get('Path')} at Api"
            found.setdefault(name, set()).add(event.get("Path"))
    wanted = {name: {prefix, f"{prefix}/{{proxy+}}"} for prefix, name in there.routes.items()}
    for name in sorted(found.keys() | wanted.keys()):
        if found.get(name) != wanted.get(name):
            yield "path", f"{name}: {sorted(found.get(name, []))}, and the edge has {sorted(wanted.get(name, []))}"
    if template.properties("Api").get("StageName") != "$default":
        yield "path", "Api: expected the stage $default: another one is a part of each path"
    yield from edge.faults(template.properties("Edge").get("FunctionCode", ""), there.text)
    for what, behaviour in behaviours(template):
        associated = [ref(item["FunctionARN"]) for item in behaviour.get("FunctionAssociations", [])]
        if associated != ["Edge"]:
            yield "path", f"Distribution: {what}: expected the function Edge"


def behaviours(template):
    configuration = template.properties("Distribution").get("DistributionConfig", {})
    yield "the app", configuration.get("DefaultCacheBehavior", {})
    for behaviour in configuration.get("CacheBehaviors", []):
        yield behaviour["PathPattern"], behaviour


def headers(template, there):
    for policy, place in (("AppHeaders", "/"), ("ApiHeaders", "@not_found")):
        configuration = template.properties(policy).get("ResponseHeadersPolicyConfig", {})
        security = configuration.get("SecurityHeadersConfig", {})
        said = {name: value(security[part]) for name, (part, value) in HEADERS.items() if part in security}
        own = configuration.get("CustomHeadersConfig", {}).get("Items", [])
        said |= {item["Header"]: item["Value"] for item in own}
        wanted = there.headers(place) | ({"cache-control": "no-store"} if policy == "ApiHeaders" else {})
        for name in sorted(said.keys() | wanted.keys()):
            if said.get(name) != wanted.get(name):
                yield "header", f"{policy}: {name}: {said.get(name)}, and the edge {wanted.get(name)}"
        overriding = {part["Override"] for part in [*security.values(), *own]}
        if overriding != {policy == "AppHeaders"}:
            yield (
                "header",
                f"{policy}: expected Override {policy == 'AppHeaders'}: what a function says of itself stands",
            )
    used = {what: ref(behaviour.get("ResponseHeadersPolicyId")) for what, behaviour in behaviours(template)}
    if used != {"the app": "AppHeaders", "/api/*": "ApiHeaders"}:
        yield "header", f"Distribution: {used}"


def budget(root, template):
    """An environment answers one request at a time. Those of two versions overlap, since a frozen one keeps its connection
    until it ends; the migration has two. A fifth is left for people and backups."""
    text = (root / "common/src/db/pool.rs").read_text()
    found = re.search(r"\.max_connections\(if is_lambda \{ (\d+) \} else", text)
    pool, at_once = int(found.group(1)), 0
    for name, function in template.functions():
        reserved = function.get("ReservedConcurrentExecutions")
        if not reserved:
            yield "budget", f"{name}: expected ReservedConcurrentExecutions"
        at_once += reserved or 0
    allowed = template.properties("DatabaseParameters").get("Parameters", {}).get("max_connections")
    if not allowed:
        yield "budget", "DatabaseParameters: expected max_connections"
        return
    worst = at_once * pool * 2
    if worst >= int(allowed) * 0.8:
        yield "budget", f"{at_once} at once × {pool} connections × 2 versions: {worst} of {int(allowed) * 0.8:g}"


def schedules(root, template):
    """They are those of Knative's PingSources, and what fails is tried again, and then put aside."""
    wanted = {}
    for path in (root / "knative/base/events").glob("*.yaml"):
        for thing in yaml.safe_load_all(path.read_text()):
            if thing and thing["kind"] == "PingSource":
                minutes = re.fullmatch(r"\*/(\d+) \* \* \* \*", thing["spec"]["schedule"]).group(1)
                wanted[thing["metadata"]["name"]] = f"cron(0/{minutes} * * * ? *)"
    found = {}
    for name, function in template.functions():
        for event in template.events(function, "ScheduleV2"):
            found[name] = event.get("ScheduleExpression")
            if event.get("ScheduleExpressionTimezone") != "UTC" or event.get("State", "ENABLED") != "ENABLED":
                yield "schedule", f"{name}: expected a schedule in UTC that is on"
            sent = json.loads(event.get("Input", "{}"))
            if sent.get("specversion") != "1.0" or sent.get("source") != f"/aws/scheduler/{name}" or "id" not in sent:
                yield "schedule", f"{name}: expected a CloudEvent of its own as Input"
            if not event.get("RetryPolicy", {}).get("MaximumRetryAttempts"):
                yield "delivery", f"{name}: expected a RetryPolicy: the schedule's invocation may be throttled"
            if ref(event.get("DeadLetterConfig", {}).get("Arn")) != "DeadLetters":
                yield "delivery", f"{name}: expected a DeadLetterConfig of its schedule"
            # Scheduler only queues an invocation. What the function answers is for Lambda to try again.
            again = function.get("EventInvokeConfig", {})
            if not again.get("MaximumRetryAttempts") or not again.get("MaximumEventAgeInSeconds"):
                yield (
                    "delivery",
                    f"{name}: expected EventInvokeConfig with retries, since work that is left is an error",
                )
            if ref(again.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")) != "DeadLetters":
                yield "delivery", f"{name}: expected EventInvokeConfig with DeadLetters as OnFailure"
    if found != wanted:
        yield "schedule", f"{found}, and the PingSources {wanted}"


def database(template):
    instances = list(template.of("AWS::RDS::DBInstance"))
    if [name for name, _ in instances] != ["Database"]:
        yield "database", "expected one, named Database"
        return
    resource, database = template.resources["Database"], instances[0][1]
    for name, value in {
        "Engine": "mariadb",
        "PubliclyAccessible": False,
        "StorageEncrypted": True,
        "EnableIAMDatabaseAuthentication": True,
        "ManageMasterUserPassword": True,
        "MultiAZ": {"Ref": "DatabaseStandby"},
        "DeletionProtection": {"Ref": "DatabaseProtected"},
        "VPCSecurityGroups": [{"Ref": "DatabaseGroup"}],
    }.items():
        if database.get(name) != value:
            yield "database", f"expected {name}: {value}"
    if not database.get("BackupRetentionPeriod"):
        yield "database", "expected BackupRetentionPeriod"
    if {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")} != {"Snapshot"}:
        yield "database", "expected a snapshot where it is deleted or replaced"
    parameters = template.properties("DatabaseParameters").get("Parameters", {})
    for name, value in {
        "require_secure_transport": "1",
        "character_set_server": "utf8mb4",
        "collation_server": "utf8mb4_bin",
    }.items():
        if parameters.get(name) != value:
            yield "database", f"DatabaseParameters: expected {name}: {value}"
    if ref(database.get("DBParameterGroupName")) != "DatabaseParameters":
        yield "database", "expected DatabaseParameters as its parameter group"


def network(template):
    inside = {ref(subnet) for subnet in template.properties("DatabaseSubnets").get("SubnetIds", [])}
    tables = {
        ref(item["SubnetId"]): ref(item["RouteTableId"])
        for _, item in template.of("AWS::EC2::SubnetRouteTableAssociation")
    }
    led_out = {ref(route["RouteTableId"]) for _, route in template.of("AWS::EC2::Route")}
    in_from_outside = {
        ref(route["RouteTableId"]) for _, route in template.of("AWS::EC2::Route") if "GatewayId" in route
    }
    for subnet in sorted(inside):
        if subnet not in tables or tables[subnet] in led_out:
            yield "network", f"{subnet}: expected a table of routes that lead nowhere, since the database is in it"
    for name, subnet in template.of("AWS::EC2::Subnet"):
        if subnet.get("MapPublicIpOnLaunch"):
            yield "network", f"{name}: gives public addresses"
    for name, function in template.functions():
        subnets = {ref(subnet) for subnet in function.get("VpcConfig", {}).get("SubnetIds", [])}
        if len(subnets) < 2:
            yield "network", f"{name}: expected two subnets, in two zones"
        if any(tables.get(subnet) in in_from_outside for subnet in subnets):
            yield "network", f"{name}: is in a subnet that the Internet leads to"
        if not subnets <= inside and not function["VpcConfig"].get("Ipv6AllowedForDualStack"):
            yield "network", f"{name}: expected Ipv6AllowedForDualStack, its one way out where Egress is ipv6"
    let_in = {
        ref(rule.get("SourceSecurityGroupId"))
        for _, rule in template.of("AWS::EC2::SecurityGroupIngress")
        if ref(rule["GroupId"]) == "DatabaseGroup" and (rule.get("FromPort"), rule.get("ToPort")) == (3306, 3306)
    }
    groups = {ref(group) for _, function in template.functions() for group in function["VpcConfig"]["SecurityGroupIds"]}
    for group in sorted(groups - let_in):
        yield "network", f"{group}: the database does not let it in"
    for name, rule in template.of("AWS::EC2::SecurityGroupIngress"):
        if ref(rule.get("SourceSecurityGroupId")) not in groups:
            yield "network", f"{name}: lets in more than functions"
    for name, group in template.of("AWS::EC2::SecurityGroup"):
        if group.get("SecurityGroupIngress"):
            yield "network", f"{name}: lets somebody in"
        if not group.get("SecurityGroupEgress"):
            yield "network", f"{name}: expected SecurityGroupEgress: without it, everything may go out"
    asking = {"auth": "providers", "reminders": "push services", "migrate": "Secrets Manager"}
    for name, function in template.functions():
        is_outside = ref(function["VpcConfig"]["SecurityGroupIds"][0]) == "OutsideGroup"
        if is_outside != (name in asking):
            yield (
                "network",
                f"{name}: {'reaches the Internet without need' if is_outside else f'expected a way to {asking[name]}'}",
            )


def storage(template):
    block = template.properties("Bucket").get("PublicAccessBlockConfiguration", {})
    if len(block) != 4 or set(block.values()) != {True}:
        yield "bucket", "expected that nothing of it is public"
    for statement in template.properties("BucketPolicy").get("PolicyDocument", {}).get("Statement", []):
        if statement["Effect"] == "Allow" and "AWS:SourceArn" not in str(statement.get("Condition")):
            yield "bucket", "expected that the distribution alone may read it"
    origins = template.properties("Distribution").get("DistributionConfig", {}).get("Origins", [])
    for origin in origins:
        if origin["Id"] == "app" and ref(origin.get("OriginAccessControlId")) != "BucketAccess":
            yield "bucket", "expected OriginAccessControlId of its origin"
        if origin["Id"] == "api":
            sent = {header["HeaderName"]: header["HeaderValue"] for header in origin.get("OriginCustomHeaders", [])}
            if "EdgeSecret" not in str(sent.get("hanip-edge")):
                yield "address", "Distribution: expected the header hanip-edge, without which all are one client"
    for name, function in template.functions():
        if name == "auth" and "EdgeSecret" not in str(function["Environment"]["Variables"].get("EDGE_SECRET")):
            yield "address", "auth: expected EDGE_SECRET, without which all are one client"
    for what, behaviour in behaviours(template):
        if behaviour.get("ViewerProtocolPolicy") not in ("redirect-to-https", "https-only"):
            yield "tls", f"Distribution: {what}: expected https alone"
    certificate = str(template.properties("Distribution").get("DistributionConfig", {}).get("ViewerCertificate"))
    if "TLSv1.2_2021" not in certificate:
        yield "tls", "Distribution: expected MinimumProtocolVersion TLSv1.2_2021"


def secrets(template):
    """None is in the template, nor given as a parameter, which CloudFormation would show."""
    for name, function in template.functions():
        for variable, value in function["Environment"]["Variables"].items():
            if re.search(r"(SECRET|PASSWORD|PRIVATE_KEY|TOKEN)$", variable):
                value = value["Fn::If"][1] if isinstance(value, dict) and "Fn::If" in value else value
                if not str(value.get("Fn::Sub") if isinstance(value, dict) else value).startswith(
                    "{{resolve:secretsmanager:"
                ):
                    yield "secret", f"{name}: {variable}: expected what Secrets Manager keeps"
    for name in template.parameters:
        if re.search(r"(Password|Token|Key|ClientSecret)$", name):
            yield "secret", f"the parameter {name}: expected that Secrets Manager keeps it"


def watched(root, template):
    page = (root / "docs/aws.md").read_text()
    for name, group in template.of("AWS::Logs::LogGroup"):
        if not group.get("RetentionInDays"):
            yield "log", f"{name}: expected RetentionInDays"
    written = template.properties("Api").get("AccessLogSettings", {}).get("Format", "")
    for private in ("sourceIp", "context.path", "userAgent", "querystring", "context.identity"):
        if private in written:
            yield "log", f"Api: {private} is somebody's"
    for name, alarm in template.of("AWS::CloudWatch::Alarm"):
        called = alarm.get("AlarmName", {}).get("Fn::Sub", "").removeprefix("${AWS::StackName}-")
        if [ref(action) for action in alarm.get("AlarmActions", [])] != ["Alarms"]:
            yield "alarm", f"{name}: nobody hears of it"
        if f"| `{called}` |" not in page:
            yield "alarm", f"{name}: docs/aws.md has no row of {called}"
    watching = {alarm.get("MetricName") for _, alarm in template.of("AWS::CloudWatch::Alarm")}
    for metric in (
        "ApproximateNumberOfMessagesVisible",
        "error-lines",
        "5xx",
        "Invocations",
        "DatabaseConnections",
        "FreeStorageSpace",
    ):
        if metric not in watching:
            yield "alarm", f"expected one of {metric}"


def page(root, template):
    """It has a row of each parameter, and what it names is there."""
    text = (root / "docs/aws.md").read_text()
    rows = re.findall(r"(?m)^\| (`.*?) \|", text.partition("\n## Parameters\n")[2].partition("\n## ")[0])
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))
    for name in sorted(template.parameters.keys() ^ named):
        yield (
            "document",
            f"docs/aws.md: the parameter {name} is in {'the page' if name in named else 'the template'} alone",
        )
    paths = re.findall(
        r"(?<![/\w])((?:aws|knative|functions|migrations|tests|scripts)/[\w./-]*\w)", re.sub(r"https?://\S+", "", text)
    )
    for path in sorted(set(paths)):
        if not (root / path).exists():
            yield "document", f"docs/aws.md: there is no {path}"


def lint(root):
    command = [pathlib.Path(sys.executable).parent / "cfn-lint", "--format", "parseable", "--regions", *REGIONS]
    said = subprocess.run(
        [*command, "--template", root / "aws/template.yaml"], capture_output=True, text=True, check=False
    )
    for line in said.stdout.splitlines() + said.stderr.splitlines():
        yield "lint", line.removeprefix(f"{root}/aws/")


def main(root, configuration):
    root = pathlib.Path(root)
    found = [*lint(root), *faults(root, pathlib.Path(configuration).read_text())]
    for rule, words in found:
        print(f"{rule}: {words}", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
