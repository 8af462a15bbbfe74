// The steps of Jenkins that the Jenkinsfile uses.
abstract class Steps extends Script {
  Map given
  Class interrupted
  Map<String, String> env = [:]
  List<String> stages = []
  List<File> bound = []
  long deadline = Long.MAX_VALUE
  Object scm = 'scm'

  void start(Map given, Class interrupted) {
    this.given = given
    this.interrupted = interrupted
    env.putAll(given.env)
  }

  Map getEnv() { env }

  Object getScm() { scm }

  Map disableConcurrentBuilds() { [:] }

  Map logRotator(Map options) { options }

  Map buildDiscarder(Map rotator) { rotator }

  void properties(List all) { }

  void echo(String text) { new File(given.console) << text + '\n' }

  Object node(String label, Closure body) {
    if (!given.no_agent) return body()
    if (deadline == Long.MAX_VALUE) throw new IllegalStateException('It waits for ever for an agent')
    while (System.currentTimeMillis() < deadline) sleep(20)
    throw (Exception) interrupted.newInstance()
  }

  Object stage(String name, Closure body) {
    stages << name
    body()
  }

  Object timeout(Map limit, Closure body) {
    assert limit.unit == 'SECONDS'
    long around = deadline
    deadline = Math.min(around, System.currentTimeMillis() + limit.time * 1000L)
    try {
      body()
    } finally {
      deadline = around
    }
  }

  void checkout(Object what) {
    assert what.is(scm)
    if (given.unknown == 'checkout') throw new NoSuchMethodError("No such DSL method 'checkout' found among steps")
    if (given.git_away) throw new IOException('Could not read from remote repository.')
  }

  Map file(Map named) { named }

  Object withCredentials(List<Map> files, Closure body) {
    Map before = env.clone()
    List<File> made = []
    try {
      for (Map named : files) {
        String held = given.credentials[named.credentialsId]
        if (held == null) throw new IllegalStateException("Could not find credentials entry with ID '${named.credentialsId}'")
        File copy = File.createTempFile('secret', '')
        made << copy
        copy.bytes = new File(held).bytes
        env[named.variable] = copy.path
      }
      bound.addAll(made)
      body()
    } finally {
      made*.delete()
      env.clear()
      env.putAll(before)
    }
  }

  Object withEnv(List<String> pairs, Closure body) {
    Map before = env.clone()
    for (String pair : pairs) {
      int at = pair.indexOf('=')
      env[pair.substring(0, at)] = pair.substring(at + 1)
    }
    try {
      body()
    } finally {
      env.clear()
      env.putAll(before)
    }
  }

  Object sh(String script) { sh(script: script) }

  Object sh(Map step) {
    File console = new File(given.console)
    ProcessBuilder builder = new ProcessBuilder('setsid', 'sh', '-xec', step.script)
    builder.directory(new File(given.workspace))
    builder.environment().putAll(env)
    builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(console))
    Process process = builder.start()
    process.outputStream.close()
    File abort = new File(given.workspace, 'target/abort')
    while (!process.waitFor(20, java.util.concurrent.TimeUnit.MILLISECONDS)) {
      if (!abort.exists() && System.currentTimeMillis() < deadline) continue
      abort.delete()
      // Jenkins ends all processes of the step.
      ['/bin/kill', '-s', 'TERM', '--', "-${process.pid()}"].execute().waitFor()
      process.waitFor()
      throw (Exception) interrupted.newInstance()
    }
    int status = process.exitValue()
    if (step.returnStatus) return status
    if (status) throw new IOException("script returned exit code ${status}")
    return null
  }
}
