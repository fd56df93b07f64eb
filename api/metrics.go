package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// figures are what Prometheus is told of this door.
type figures struct {
	durations *prometheus.HistogramVec
	running   prometheus.Gauge
	page      http.Handler
}

func newFigures(registry *prometheus.Registry) *figures {
	if registry == nil {
		registry = prometheus.NewRegistry()
		registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	f := &figures{
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "duradesk_http_request_duration_seconds", Help: "Time from the request to the end of its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 5, 10, 30},
		}, []string{"method", "route", "status"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{Name: "duradesk_http_requests_running", Help: "Requests being answered."}),
		page:    promhttp.HandlerFor(registry, promhttp.HandlerOpts{DisableCompression: true}),
	}
	registry.MustRegister(f.durations, f.running)
	return f
}

// begin counts a request as running until the returned function says how it ended. Labels have few values: routes,
// not paths, and only methods that are served.
func (f *figures) begin() func(method, route string, status int, took time.Duration) {
	f.running.Inc()
	return func(method, route string, status int, took time.Duration) {
		f.running.Dec()
		if route == "" {
			method, route = "-", "unmatched"
		}
		f.durations.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
	}
}

func (s *server) GetMetrics(c *gin.Context) { s.figures.page.ServeHTTP(c.Writer, c.Request) }
