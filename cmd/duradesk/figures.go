package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"

	"duradesk/postgres"
)

// figures are what Prometheus is told by a worker: the record, the SDK, the process.
type figures struct {
	registry *prometheus.Registry
	swept    prometheus.Counter
}

// record is where the figures of the desk are read.
type record interface {
	Figures(ctx context.Context) (postgres.Figures, error)
}

func newFigures(r record, log *slog.Logger) *figures {
	f := &figures{
		registry: prometheus.NewRegistry(),
		swept: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "duradesk_sweeper_finds_total", Help: "Timers that were lost and rung for by the sweeper. It is a net: this should stay at 0.",
		}),
	}
	f.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), f.swept, &desksFigures{record: r, log: log})
	return f
}

// sdk tells Temporal's client and workers to count into the same registry: schedule-to-start, failed workflow tasks by
// cause, corrupted signals, slots.
func (f *figures) sdk(options *client.Options) error {
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(f.registry), otelprometheus.WithoutScopeInfo(), otelprometheus.WithoutTargetInfo())
	if err != nil {
		return fmt.Errorf("make the SDK's metrics readable for Prometheus: %w", err)
	}
	meter := metric.NewMeterProvider(metric.WithReader(exporter)).Meter("temporal")
	options.MetricsHandler = opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{Meter: meter})
	return nil
}

// page is GET /metrics of a worker.
func (f *figures) page() http.Handler {
	return promhttp.HandlerFor(f.registry, promhttp.HandlerOpts{DisableCompression: true, ErrorHandling: promhttp.ContinueOnError})
}

// desksFigures reads the record when Prometheus asks. Where it cannot be read the figures are absent, and
// duradesk_record_up says 0.
type desksFigures struct {
	record record
	log    *slog.Logger
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("duradesk_"+name, help, labels, nil)
}

// What is told of the record. Labels have few values.
var (
	descUp          = describe("record_up", "1 if Postgres answered this time.")
	descTickets     = describe("tickets", "Tickets that are not final, by state.", "state")
	descBreached    = describe("tickets_breached", "Live tickets that missed a target.")
	descAttention   = describe("tickets_attention", "Tickets with a failed or uncertain mail or a command that could not be applied.")
	descUnapplied   = describe("commands_unapplied", "Commands stored and not applied yet.")
	descOldest      = describe("commands_unapplied_age_seconds", "Age of the oldest command that is not applied; 0 if there is none.")
	descOverdue     = describe("timers_overdue", "Timers more than a second past their instant.")
	descLateness    = describe("timers_lateness_seconds", "By how much the latest of them is over; 0 if there is none.")
	descDeliveries  = describe("deliveries", "Mails that are not finished, by state.", "state")
	descDeliverLate = describe("deliveries_late_seconds", "By how much the mail that waits longest is past its instant; 0 if there is none.")
	descQuarantined = describe("quarantined_mails", "Mails that could not be read and wait for a person.")
	descMailboxLag  = describe("mailbox_unseen_seconds", "Time since the mailbox was last looked into.", "mailbox", "desk")
	descMailbox     = describe("mailbox_up", "1 unless the mailbox failed or was stopped.", "mailbox", "desk", "state")
)

// Describe says nothing beforehand: which labels there are is known when the record was read.
func (*desksFigures) Describe(chan<- *prometheus.Desc) {}

// Collect reads the record once.
func (d *desksFigures) Collect(out chan<- prometheus.Metric) {
	tell := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
	defer cancel()
	f, err := d.record.Figures(ctx)
	if err != nil {
		d.log.Warn("the figures of the desk cannot be read", "error", err)
		tell(descUp, 0)
		return
	}
	tell(descUp, 1)
	for state, n := range f.Tickets {
		tell(descTickets, float64(n), state)
	}
	tell(descBreached, float64(f.Breached))
	tell(descAttention, float64(f.Attention))
	tell(descUnapplied, float64(f.Unapplied))
	tell(descOldest, f.Oldest.Seconds())
	tell(descOverdue, float64(f.Overdue))
	tell(descLateness, f.Latest.Seconds())
	for _, state := range []string{"queued", "attempted", "accepted", "uncertain", "failed", "bounced"} {
		tell(descDeliveries, float64(f.Deliveries[state]), state)
	}
	tell(descDeliverLate, f.Late.Seconds())
	tell(descQuarantined, float64(f.Quarantined))
	for _, m := range f.Mailboxes {
		tell(descMailboxLag, m.Unseen.Seconds(), m.ID, m.Desk)
		up := 1.0
		if m.State == "failed" || m.State == "stopped" {
			up = 0
		}
		tell(descMailbox, up, m.ID, m.Desk, m.State)
	}
}
