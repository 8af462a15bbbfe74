// Runs Jenkinsfiles with Jenkins's own Groovy: groovy jenkins.groovy STEPS <CASES
// Each line of standard input is a case, as JSON, which names its Jenkinsfile; each line of standard output is what
// became of it. Steps are those of Jenkins that the file uses, and no others: `sh` runs what it is given, and a
// credential is a file while it is bound.
import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import org.codehaus.groovy.control.CompilerConfiguration

ClassLoader loader = new GroovyClassLoader(this.class.classLoader)
Class interrupted = loader.parseClass('''package org.jenkinsci.plugins.workflow.steps
class FlowInterruptedException extends Exception { }''')
Class steps = loader.parseClass(new File(args[0]))
CompilerConfiguration settings = new CompilerConfiguration(scriptBaseClass: steps.name)
GroovyShell shell = new GroovyShell(loader, new Binding(), settings)
Map<String, Class> pipelines = [:]

System.in.eachLine { String line ->
  Map given = new JsonSlurper().parseText(line)
  String text = new File(given.jenkinsfile).getText('UTF-8')
  Class pipeline = pipelines[text] = pipelines[text] ?: shell.parse(text, 'Jenkinsfile.groovy').class
  Script run = pipeline.newInstance()
  run.start(given, interrupted)
  String result = 'SUCCESS'
  try {
    run.run()
  } catch (Throwable thrown) {
    result = interrupted.isInstance(thrown) ? 'ABORTED' : 'FAILURE'
    run.echo("${thrown.class.name}: ${thrown.message}")
  }
  println JsonOutput.toJson([name: given.name, result: result, stages: run.stages, left: run.bound.findAll { it.exists() }*.path])
}
