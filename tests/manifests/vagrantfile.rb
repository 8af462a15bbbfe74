# Runs knative/clusters/Vagrantfile with a stand-in of Vagrant and prints what each machine would become: vagrantfile.rb ROOT
# Exits with 1 and says so where that is not a cluster.
require "json"

# Takes whatever is set or called, and keeps it.
class Kept < BasicObject
  def initialize = @kept = {}
  def to_h = @kept

  def method_missing(name, *given, **options, &block)
    key = name.to_s.chomp("=").to_sym
    return @kept[key] = given.first if name.end_with?("=")
    return @kept[key] ||= ::Kept.new if given.empty? && options.empty? && !block

    (@kept[key] ||= []) << (options.empty? ? given : [*given, options])
    block&.call(name == :define ? ::Nodes.of(given.first) : ::Kept.new)
  end

  def respond_to_missing?(*) = true
end

Nodes = Hash.new { |all, name| all[name] = Kept.new }
def Nodes.of(name) = self[name]

module Vagrant
  class << self
    attr_reader :config
  end

  def self.configure(_version) = yield(@config = Kept.new)
end

def nodes(root, servers)
  Nodes.clear
  ENV["HANIP_SERVERS"] = servers
  load File.join(root, "knative/clusters/Vagrantfile")
  Nodes.to_h { |name, node| [name, node.to_h[:vm].to_h[:provision].first.last] }
end

def expect(what, right) = right || abort("Vagrantfile: expected #{what}")

root = ARGV.fetch(0)
{ "1" => 1, "3" => 3 }.each do |asked, servers|
  given = nodes(root, asked)
  made = given.transform_values { |options| options[:args] }
  machine = Vagrant.config.to_h[:vm].to_h
  expect("a box of one version", machine[:box_version].to_s.match?(/\A[0-9.]+\z/))
  expect("one token for all", given.values.map { |options| options[:env]["K3S_TOKEN"] }.uniq.then { |all| all.one? && all.first.size >= 32 })
  expect("three machines", made.size == 3)
  expect("#{servers} servers", made.values.count { |args| args[2] == "server" } == servers)
  expect("a store of several servers where there are several", made["node0"].include?("--cluster-init") == (servers > 1))
  expect("one version of k3s", made.values.map(&:first).uniq == [File.read(File.join(root, "knative/clusters/k3s-version")).strip])
  expect("the others to join the first", made.except("node0").values.all? { |args| args.include?("https://192.168.56.10:6443") })
end
