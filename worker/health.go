package worker

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"duradesk/ticket"
)

// Part is one thing that the worker needs, and how it stands.
type Part struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Needed bool   `json:"needed"`
	Detail string `json:"detail,omitempty"`
}

// Health answers /healthz (alive), /readyz (able to work: every needed part is), with each part in the body, and /metrics
// by the page that is given for it. What is wrong with a part names hosts and users: it is told to askers on this machine
// only.
func Health(parts func(context.Context) []Part, metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, map[string]any{"status": "ok"}) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		list := parts(ctx)
		if !onThisMachine(r) {
			for i := range list {
				list[i].Detail = ""
			}
		}
		status, word := http.StatusOK, "ok"
		for _, p := range list {
			if p.Needed && !p.OK {
				status, word = http.StatusServiceUnavailable, "unavailable"
			}
		}
		answer(w, status, map[string]any{"status": word, "parts": list})
	})
	return mux
}

// onThisMachine holds for a connection by loopback that no proxy passed on.
func onThisMachine(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().Unmap().IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the asker is gone; nobody to tell
}

// PollsWithin is how long ago a worker that lives may have asked for work. A poll lasts a minute at most, then the next one
// begins; the server names pollers for five minutes after their last, so one that has died is told by its age only.
const PollsWithin = 90 * time.Second

// Polls tells whether a poller still asks. now is by a clock that agrees with the server's.
func Polls(p *taskqueuepb.PollerInfo, now time.Time) bool {
	return now.Sub(p.GetLastAccessTime().AsTime()) < PollsWithin
}

// Pollers reports whether somebody polls both task queues.
func Pollers(ctx context.Context, c client.Client, namespace string) Part {
	p := Part{Name: "pollers", OK: true, Needed: true}
	for _, queue := range ticket.Queues() {
		d, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, TaskQueueType: enumspb.TASK_QUEUE_TYPE_WORKFLOW,
		})
		if err != nil {
			return Part{Name: "pollers", Needed: true, Detail: "Temporal does not tell who polls " + queue}
		}
		if !slices.ContainsFunc(d.GetPollers(), func(p *taskqueuepb.PollerInfo) bool { return Polls(p, time.Now()) }) {
			p.OK, p.Detail = false, "nobody polls "+queue+" yet"
		}
	}
	return p
}
