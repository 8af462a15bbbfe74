# The gateway of scripts/containers, which sources this.
# shellcheck shell=bash disable=SC2154 # what it uses is set there

# list NAME ADDRESS…: the gateway's list of a function, and waits until it goes by it.
list() {
  local name=$1 each
  shift
  {
    printf 'resources:\n- "@type": type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment\n'
    printf '  cluster_name: %s\n  endpoints:\n  - lb_endpoints:\n' "$name"
    for each; do
      printf '    - endpoint: {address: {socket_address: {address: %s, port_value: %s}}}\n' "${each%:*}" "${each#*:}"
    done
  } >"$files/gateway/next"
  mv "$files/gateway/next" "$files/gateway/$name.yaml"
  [[ -z ${admin:-} ]] || until_ok 5 listed "$name" "$@"
}

listed() {
  local name=$1
  shift
  diff <(printf '%s\n' "$@" | sort) \
    <(curl --fail --silent "$admin/clusters" | sed -n "s/^$name::\([0-9.:]*\)::cx_active::.*/\1/p" | sort)
}

# An Envoy stands where Knative's gateway does, and tells the functions apart by Host as that does.
start_gateway() {
  local name hosts='' clusters=''
  for name in "${served[@]}"; do
    hosts+="
            - {name: $name, domains: [$name.hanip.svc.cluster.local], routes: [{match: {prefix: /}, route: {cluster: $name, timeout: 0s}}]}"
    clusters+="
  - name: $name
    type: EDS
    eds_cluster_config: {eds_config: {path_config_source: {path: /gateway/$name.yaml, watched_directory: {path: /gateway}}}}"
  done
  cat >"$files/gateway/envoy.yaml" <<END
node: {id: gateway, cluster: hanip}
admin: {address: {socket_address: {address: 0.0.0.0, port_value: 9901}}}
static_resources:
  listeners:
  - address: {socket_address: {address: 0.0.0.0, port_value: 8080}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: gateway
          http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
          route_config:
            virtual_hosts:$hosts
  clusters:$clusters
END
  start gateway "${alone[@]}" --network-alias gateway "${machine[@]}" --volume "$files/gateway":/gateway:ro \
    --volume "$(dirname "$envoy")":/envoy:ro hanip/machine "/envoy/${envoy##*/}" --config-path /gateway/envoy.yaml --log-level warn
  admin=http://$(address_of gateway):9901
  failing=gateway until_ok 20 curl --fail --silent "$admin/ready"
}
