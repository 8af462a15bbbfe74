// A stand-in for Kourier, which no module has: it routes requests as the Ingresses of Knative say, and writes into their
// status where they are reached. What Envoy does, a reverse proxy of Go's library does here.
package main

import (
	"context"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
	"knative.dev/networking/pkg/client/clientset/versioned"
	"knative.dev/networking/pkg/client/informers/externalversions"
)

const (
	class     = "kourier.ingress.networking.knative.dev"
	namespace = "kourier-system"
	inside    = "kourier-internal." + namespace + ".svc.cluster.local"
	outside   = "kourier." + namespace + ".svc.cluster.local"
)

// paths are those of one host, the ones that want most headers first.
type routes map[string][]v1alpha1.HTTPIngressPath

type gateway struct {
	knative   versioned.Interface
	ingresses cache.SharedIndexInformer
	slices    informers.SharedInformerFactory
	// Of names inside the cluster, and of those that everybody may ask for.
	internal, external atomic.Pointer[routes]
	changed            chan struct{}
}

func main() {
	config, err := rest.InClusterConfig()
	if err != nil {
		log.Fatal(err)
	}
	config.QPS, config.Burst = 100, 200
	knative := versioned.NewForConfigOrDie(config)
	ingresses := externalversions.NewSharedInformerFactory(knative, 0)
	g := &gateway{
		knative:   knative,
		ingresses: ingresses.Networking().V1alpha1().Ingresses().Informer(),
		slices:    informers.NewSharedInformerFactory(kubernetes.NewForConfigOrDie(config), 0),
		changed:   make(chan struct{}, 1),
	}
	notice := func() {
		select {
		case g.changed <- struct{}{}:
		default:
		}
	}
	_, err = g.ingresses.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { notice() },
		UpdateFunc: func(any, any) { notice() },
		DeleteFunc: func(any) { notice() },
	})
	if err != nil {
		log.Fatal(err)
	}
	endpoints := g.slices.Discovery().V1().EndpointSlices().Informer()
	services := g.slices.Core().V1().Services().Informer()
	stop := context.Background().Done()
	ingresses.Start(stop)
	g.slices.Start(stop)
	cache.WaitForCacheSync(stop, g.ingresses.HasSynced, endpoints.HasSynced, services.HasSynced)
	g.update()
	go func() {
		for range g.changed {
			g.update()
		}
	}()
	ending, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	var ended sync.WaitGroup
	ended.Go(func() { g.listen(ending, ":8080", &g.external) })
	ended.Go(func() { g.listen(ending, ":8081", &g.internal) })
	ended.Wait()
}

func (g *gateway) update() {
	internal, external := routes{}, routes{}
	var ours []*v1alpha1.Ingress
	for _, found := range g.ingresses.GetStore().List() {
		ingress := found.(*v1alpha1.Ingress)
		if ingress.Annotations["networking.knative.dev/ingress.class"] != class || ingress.DeletionTimestamp != nil {
			continue
		}
		ours = append(ours, ingress)
		for _, rule := range ingress.Spec.Rules {
			paths := slices.Clone(rule.HTTP.Paths)
			slices.SortStableFunc(paths, func(a, b v1alpha1.HTTPIngressPath) int {
				return len(b.Headers) + len(b.Path) - len(a.Headers) - len(a.Path)
			})
			for _, host := range rule.Hosts {
				internal[host] = paths
				if rule.Visibility != v1alpha1.IngressVisibilityClusterLocal {
					external[host] = paths
				}
			}
		}
	}
	g.internal.Store(&internal)
	g.external.Store(&external)
	for _, ingress := range ours {
		if ingress.Status.ObservedGeneration != ingress.Generation || !ingress.IsReady() {
			g.say(ingress.DeepCopy())
		}
	}
}

// say writes that an Ingress is served, which it is by now.
func (g *gateway) say(ingress *v1alpha1.Ingress) {
	status := func(name string) []v1alpha1.LoadBalancerIngressStatus {
		return []v1alpha1.LoadBalancerIngressStatus{{DomainInternal: name}}
	}
	ingress.Status.InitializeConditions()
	ingress.Status.MarkNetworkConfigured()
	ingress.Status.MarkLoadBalancerReady(status(outside), status(inside))
	ingress.Status.ObservedGeneration = ingress.Generation
	_, err := g.knative.NetworkingV1alpha1().Ingresses(ingress.Namespace).UpdateStatus(context.Background(), ingress, meta.UpdateOptions{})
	if err != nil {
		log.Print(err)
		time.AfterFunc(100*time.Millisecond, func() {
			select {
			case g.changed <- struct{}{}:
			default:
			}
		})
	}
}

// listen goes on for some seconds after the end was asked for, until nobody is led here any more.
func (g *gateway) listen(ending context.Context, address string, table *atomic.Pointer[routes]) {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 100,
		IdleConnTimeout:     30 * time.Second,
	}
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(r.In.Context().Value(chosen{}).(*url.URL))
			r.Out.Host = r.In.Host
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			r.Out.Header["X-Forwarded-Proto"] = r.In.Header["X-Forwarded-Proto"]
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			log.Printf("%s %s%s: %v", r.Method, r.Host, r.URL.Path, err)
			w.WriteHeader(http.StatusServiceUnavailable)
		},
	}
	serve := func(w http.ResponseWriter, r *http.Request) {
		path := find(*table.Load(), r)
		if path == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		split := choose(path.Splits)
		for _, headers := range []map[string]string{path.AppendHeaders, split.AppendHeaders} {
			for name, value := range headers {
				r.Header.Set(name, value)
			}
		}
		if path.RewriteHost != "" {
			r.Host = path.RewriteHost
		}
		address := g.address(split)
		if address == "" {
			log.Printf("%s %s%s: no endpoint of %s", r.Method, r.Host, r.URL.Path, split.ServiceName)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		to := &url.URL{Scheme: "http", Host: address}
		proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), chosen{}, to)))
	}
	server := &http.Server{Addr: address, Handler: http.HandlerFunc(serve)}
	answered := make(chan struct{})
	go func() {
		<-ending.Done()
		time.Sleep(5 * time.Second)
		server.SetKeepAlivesEnabled(false)
		if err := server.Shutdown(context.Background()); err != nil {
			log.Print(err)
		}
		close(answered)
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-answered
}

// chosen is the key of the address that a request goes to, in its context.
type chosen struct{}

func find(table routes, r *http.Request) *v1alpha1.HTTPIngressPath {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	for _, path := range table[strings.ToLower(host)] {
		wanted := slices.Collect(maps.Keys(path.Headers))
		missing := func(name string) bool { return r.Header.Get(name) != path.Headers[name].Exact }
		if strings.HasPrefix(r.URL.Path, path.Path) && !slices.ContainsFunc(wanted, missing) {
			return &path
		}
	}
	return nil
}

func choose(splits []v1alpha1.IngressBackendSplit) v1alpha1.IngressBackendSplit {
	drawn := rand.IntN(100)
	for _, split := range splits {
		if drawn -= split.Percent; drawn < 0 {
			return split
		}
	}
	return splits[0]
}

// address of a pod that is ready; of a Service that leads to another name, of that.
func (g *gateway) address(split v1alpha1.IngressBackendSplit) string {
	service, err := g.slices.Core().V1().Services().Lister().Services(split.ServiceNamespace).Get(split.ServiceName)
	if err != nil {
		return ""
	}
	if service.Spec.Type == core.ServiceTypeExternalName {
		return net.JoinHostPort(service.Spec.ExternalName, split.ServicePort.String())
	}
	name := ""
	for _, port := range service.Spec.Ports {
		if port.Port == split.ServicePort.IntVal || port.Name == split.ServicePort.StrVal {
			name = port.Name
		}
	}
	of := labels.SelectorFromSet(labels.Set{discovery.LabelServiceName: split.ServiceName})
	found, _ := g.slices.Discovery().V1().EndpointSlices().Lister().EndpointSlices(split.ServiceNamespace).List(of)
	var addresses []string
	for _, slice := range found {
		for _, port := range slice.Ports {
			if port.Name == nil || *port.Name != name || port.Port == nil {
				continue
			}
			for _, endpoint := range slice.Endpoints {
				if ready := endpoint.Conditions.Ready; ready == nil || *ready {
					for _, address := range endpoint.Addresses {
						addresses = append(addresses, netJoin(address, *port.Port))
					}
				}
			}
		}
	}
	if len(addresses) == 0 {
		return ""
	}
	return addresses[rand.IntN(len(addresses))]
}

func netJoin(address string, port int32) string {
	return (&net.TCPAddr{IP: net.ParseIP(address), Port: int(port)}).String()
}
