package worker

import (
	"context"
	"encoding/json"
	"net/http"
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
// by the page that is given for it.
func Health(parts func(context.Context) []Part, metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, map[string]any{"status": "ok"}) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		list := parts(ctx)
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

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the asker is gone; nobody to tell
}

// Pollers reports whether somebody polls both task queues.
func Pollers(ctx context.Context, c client.Client, namespace string) Part {
	p := Part{Name: "pollers", OK: true, Needed: true}
	for _, queue := range []string{ticket.QueueTickets, ticket.QueueMail} {
		d, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, TaskQueueType: enumspb.TASK_QUEUE_TYPE_WORKFLOW,
		})
		if err != nil {
			return Part{Name: "pollers", Needed: true, Detail: "Temporal does not tell who polls " + queue}
		}
		if len(d.GetPollers()) == 0 {
			p.OK, p.Detail = false, "nobody polls "+queue+" yet"
		}
	}
	return p
}
