"""Makes each of these mistakes in a copy of the repository, and sees that it is found: mistakes.py ROOT NGINX_CONF"""

import pathlib
import sys
import time

from check import faults, lint

TEMPLATE = "aws/template.yaml"
CONF = "nginx.conf"

# What is done wrong, what is there, what stands there instead, the fault that it is to be, and where if not in the template.
MISTAKES = [
    ("a property that no function has", "ReservedConcurrentExecutions: 8", "ReservedConcurrency: 8", "lint: "),
    ("a key that comes twice", "      MultiAZ:", "      MultiAZ: true\n      MultiAZ:", "template: can't be read: written"),
    ("a reference to nothing", "Aliases: !If [HasCertificate", "Aliases: !If [HasCertificates", "lint: "),
    ("a path that is not the edge's", "Path: /api/foods}", "Path: /api/food}", "path: foods: "),
    ("a path of one function alone", 'Path: "/api/streaks/{proxy+}"', "Path: /api/streaks/today", "path: streaks: "),
    ("one method of a path", "Method: ANY, Path: /api/data}", "Method: GET, Path: /api/data}", "path: data: expected ANY"),
    ("a stage in each path", "StageName: $default", "StageName: prod", "path: Api: expected the stage $default"),
    ("a function that CloudFront does not know", "|data|reminders)", "|data)", "path: Edge: GET /api/reminders: "),
    ("a prefix that is no function's", "(api|local|healthz", "(local|healthz", "path: Edge: GET /api: expected 404"),
    ("files whose names begin with a dot", r"(\/|%2f)(\.|%2e)", r"(\/)(\.)", "path: Edge: GET /a/%2eb: expected 404"),
    ("compressed forms as files", r"/\.(br|gz)$/", r"/\.(br)$/", "path: Edge: GET /x.gz: expected 404"),
    ("a page that is not the app", "request.uri = '/index.html'", "request.uri = '/'", "path: Edge: GET /today: "),
    ("a write to the app", "request.method !== 'GET'", "request.method !== 'POST'", "path: Edge: "),
    ("code that does not run", "const request = event.request;", "const request = ;", "path: Edge: its code does not run"),
    ("a client that names itself", "request.headers['hanip-client'] =", "request.headers['hanip-clients'] =", "path: Edge: "),
    ("words of another version", "찾을 수 없어요.", "없어요.", "header: Edge: GET /api ko: "),
    ("the other language", "startsWith('ko') ? 'ko'", "startsWith('ko') ? 'en'", "header: Edge: GET /api ko: content-language"),
    ("a problem in a cache", "'cache-control': { value: 'no-store' }", "'cache-control': { value: '' }", "header: Edge: "),
    ("a problem without a header", "            'referrer-policy': { value: 'no-referrer' },\n", "", "header: Edge: "),
    ("a looser policy", "script-src 'self'; style", "script-src 'self' 'unsafe-inline'; style", "header: AppHeaders: content-sec"),
    ("a header that the app lacks", "- {Header: cross-origin-opener-policy, Value: same-origin, Override: true}", "- {Header: x, Value: y, Override: true}", "header: AppHeaders: cross-origin-opener-policy"),
    ("https for a day", "{Override: true, AccessControlMaxAgeSec: 31536000", "{Override: true, AccessControlMaxAgeSec: 86400", "header: AppHeaders: strict-transport-security"),
    ("a header in the place of a function's", "ContentTypeOptions: {Override: false}", "ContentTypeOptions: {Override: true}", "header: ApiHeaders: expected Override"),
    ("headers of the app for the API", "ResponseHeadersPolicyId: !Ref ApiHeaders", "ResponseHeadersPolicyId: !Ref AppHeaders", "header: Distribution: "),
    ("an edge that has another header", "add_header referrer-policy \"no-referrer\"", "add_header referrer-policy \"origin\"", "header: AppHeaders: referrer-policy", CONF),
    ("an edge that has another route", "location ~ ^/api/data(", "location ~ ^/api/dates(", "path: data: ", CONF),
    ("another processor", "Architectures: [arm64]", "Architectures: [x86_64]", "function: auth: expected arm64"),
    ("another function's package", "arm64/tick.zip", "arm64/data.zip", "function: tick: expected its own package"),
    ("a function that is not there", "FunctionName: !Sub ${AWS::StackName}-data", "FunctionName: !Sub ${AWS::StackName}-date", "function: data: there is no function"),
    ("a program that nobody deploys", None, "fn main() {}\n", "function: badges: there is no function", "functions/badges/src/main.rs"),
    ("no traces", "Tracing: Active", "Tracing: PassThrough", "function: auth: expected Tracing"),
    ("logs for ever", "LogGroupName: !Ref AWS::StackName, RetentionInDays: 30", "LogGroupName: !Ref AWS::StackName", "log: auth: "),
    ("addresses in a log", '"status":"$context.status"', '"who":"$context.identity.sourceIp"', "log: Api: "),
    ("more connections than there are", "ReservedConcurrentExecutions: 8", "ReservedConcurrentExecutions: 18", "budget: "),
    ("as many at once as come", "      ReservedConcurrentExecutions: 8\n", "", "budget: streaks: expected Reserved"),
    ("a database that takes fewer", 'max_connections: "100"', 'max_connections: "60"', "budget: "),
    ("no word of how many it takes", '        max_connections: "100"\n', "", "budget: DatabaseParameters"),
    ("a larger pool", "{ 1 } else { 5 }", "{ 2 } else { 5 }", "budget: 32 at once × 2", "common/src/db/pool.rs"),
    ("a tick once an hour", "cron(0/15 * * * ? *)", "cron(0 * * * ? *)", "schedule: {"),
    ("a tick in another zone", "ScheduleExpressionTimezone: UTC", "ScheduleExpressionTimezone: Asia/Seoul", "schedule: reminders: "),
    ("an event that is none", '"specversion":"1.0","type":"hanip.schedule","source":"/aws/scheduler/tick"', '"type":"tick"', "schedule: tick: expected a CloudEvent"),
    ("no second try of the schedule", "            RetryPolicy: {MaximumRetryAttempts: 6, MaximumEventAgeInSeconds: 840}\n", "", "delivery: tick: expected a RetryPolicy"),
    ("no dead letters of the schedule", "            DeadLetterConfig: {Arn: !GetAtt DeadLetters.Arn}\n", "", "delivery: reminders: expected a DeadLetterConfig"),
    ("no second try of what is left", "MaximumEventAgeInSeconds: 840, MaximumRetryAttempts: 2", "MaximumEventAgeInSeconds: 840, MaximumRetryAttempts: 0", "delivery: tick: expected EventInvokeConfig with retries"),
    ("no dead letters of the function", ", DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt DeadLetters.Arn}}", "", "delivery: reminders: expected EventInvokeConfig with DeadLetters"),
    ("a public database", "PubliclyAccessible: false", "PubliclyAccessible: true", "database: expected PubliclyAccessible"),
    ("a database in the clear on its disk", "StorageEncrypted: true", "StorageEncrypted: false", "database: expected StorageEncrypted"),
    ("a client without TLS", 'require_secure_transport: "1"', 'require_secure_transport: "0"', "database: DatabaseParameters: expected require"),
    ("the usual collation", "utf8mb4_bin", "utf8mb4_unicode_ci", "database: DatabaseParameters: expected collation_server"),
    ("no backups", "      BackupRetentionPeriod: !Ref DatabaseBackupDays\n", "", "database: expected BackupRetentionPeriod"),
    ("rows that go with the stack", "    DeletionPolicy: Snapshot\n", "    DeletionPolicy: Delete\n", "database: expected a snapshot"),
    ("a password of our own", "      ManageMasterUserPassword: true\n", "      MasterUserPassword: hunter2\n", "database: expected ManageMasterUserPassword"),
    ("no sign-in by roles", "EnableIAMDatabaseAuthentication: true", "EnableIAMDatabaseAuthentication: false", "database: expected EnableIAM"),
    ("one server whatever is said", "MultiAZ: !Ref DatabaseStandby", "MultiAZ: false", "database: expected MultiAZ"),
    ("a role that may be anybody", "DbiResourceId}/hanip_foods", "DbiResourceId}/*", "sign-in: foods: its role"),
    ("a role that may do more", "Action: rds-db:connect, Resource: !Sub \"arn:${AWS::Partition}:rds-db:${AWS::Region}:${AWS::AccountId}:dbuser:${Database.DbiResourceId}/hanip_data\"", "Action: \"*\", Resource: !Sub \"arn:${AWS::Partition}:rds-db:${AWS::Region}:${AWS::AccountId}:dbuser:${Database.DbiResourceId}/hanip_data\"", "sign-in: data: expected a role"),
    ("another function's user", "mysql://hanip_tick@", "mysql://hanip_foods@", "sign-in: tick: expected the user"),
    ("a password in the address", "mysql://hanip_tick@", "mysql://hanip_tick:hunter2@", "sign-in: tick: expected the user"),
    ("no certificates of the database", "/opt/database.pem", "/opt/database.crt", "sign-in: auth: expected the certificates"),
    ("a database in a subnet that leads out", "SubnetIds: [!Ref InsideA, !Ref InsideB]\n", "SubnetIds: [!Ref OutsideA, !Ref OutsideB]\n", "network: OutsideA: "),
    ("a way in to the database", "SourceSecurityGroupId: !Ref InsideGroup", "CidrIp: 0.0.0.0/0", "network: "),
    ("a way in to functions", "      GroupDescription: Functions that ask the database alone\n", "      GroupDescription: Functions\n      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}]\n", "network: InsideGroup: lets somebody in"),
    ("a function that needs no Internet", "VpcConfig: {SubnetIds: [!Ref InsideA, !Ref InsideB], SecurityGroupIds: [!Ref InsideGroup]}", "VpcConfig: {SubnetIds: [!Ref OutsideA, !Ref OutsideB], SecurityGroupIds: [!Ref OutsideGroup], Ipv6AllowedForDualStack: true}", "network: foods: reaches the Internet"),
    ("sign-in that reaches no provider", "VpcConfig: {SubnetIds: [!Ref OutsideA, !Ref OutsideB], SecurityGroupIds: [!Ref OutsideGroup], Ipv6AllowedForDualStack: true}", "VpcConfig: {SubnetIds: [!Ref InsideA, !Ref InsideB], SecurityGroupIds: [!Ref InsideGroup]}", "network: auth: expected a way"),
    ("sign-in without IPv6", ", Ipv6AllowedForDualStack: true}", "}", "network: auth: expected Ipv6"),
    ("one zone", "VpcConfig: {SubnetIds: [!Ref InsideA, !Ref InsideB]", "VpcConfig: {SubnetIds: [!Ref InsideA]", "network: foods: expected two subnets"),
    ("a public bucket", "BlockPublicPolicy: true", "BlockPublicPolicy: false", "bucket: expected that nothing"),
    ("a bucket for every distribution", "            Condition: {StringEquals: {AWS:SourceArn: ", "            Condition: {StringEquals: {AWS:Sources: ", "bucket: expected that the distribution alone"),
    ("a bucket that is asked without a signature", "            OriginAccessControlId: !GetAtt BucketAccess.Id\n", "", "bucket: expected OriginAccessControlId"),
    ("everybody as one client", "HeaderName: hanip-edge", "HeaderName: hanip-edges", "address: Distribution: "),
    ("an edge that is not known", "          EDGE_SECRET: ", "          LOG: ", "address: auth: expected EDGE_SECRET"),
    ("plain http", "ViewerProtocolPolicy: redirect-to-https", "ViewerProtocolPolicy: allow-all", "tls: Distribution: the app"),
    ("an old TLS", "TLSv1.2_2021", "TLSv1_2016", "tls: Distribution: expected Minimum"),
    ("a client's secret in the open", '!Sub "{{resolve:secretsmanager:${Secret}:SecretString:google_client_secret}}"', "hunter2", "secret: auth: OAUTH_GOOGLE_CLIENT_SECRET"),
    ("a secret as a parameter", "  GoogleClient: {", "  GoogleClientSecret: {", "secret: the parameter GoogleClientSecret"),
    ("an alarm that nobody hears", "      AlarmActions: [!Ref Alarms]\n", "", "alarm: DeadLetterAlarm: nobody hears"),
    ("an alarm that no page knows", "-dead-letters\n", "-letters\n", "alarm: DeadLetterAlarm: docs/aws.md has no row"),
    ("a tick that nobody misses", "MetricName: Invocations", "MetricName: Duration", "alarm: expected one of Invocations"),
    ("a parameter that no page knows", "  LogFilter:", "  LogFilters:", "document: docs/aws.md: the parameter LogFilters"),
    ("a misspelt setting", "DATABASE_IAM: \"true\"", "DATABASE_IAN: \"true\"", "setting: auth: DATABASE_IAN"),
    ("a page that names what is gone", "scripts/lambda", "scripts/lamda", "document: docs/aws.md: there is no scripts/lamda", "docs/aws.md"),
]  # fmt: skip


def main(root, configuration):
    root, missed, began = pathlib.Path(root), 0, time.monotonic()
    for what, there, instead, fault, *where in MISTAKES:
        found = found_with(root, pathlib.Path(configuration), [*where, TEMPLATE][0], there, instead, fault)
        if not any(line.startswith(fault) for line in found):
            print(f"{what}: expected {fault!r}, found {found}", file=sys.stderr)
            missed += 1
    print(
        f"planted mistakes that are found: {len(MISTAKES) - missed} of {len(MISTAKES)}, {time.monotonic() - began:.0f} s"
    )
    return missed > 0


def found_with(root, configuration, file, there, instead, fault):
    path = configuration if file == CONF else root / file
    before = path.read_text() if path.exists() else None
    assert there is None or there in before, f"{file} does not hold {there!r}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(instead if there is None else before.replace(there, instead, 1))
    try:
        check = lint(root) if fault.startswith("lint: ") else faults(root, configuration.read_text())
        return [f"{rule}: {words}" for rule, words in check]
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
