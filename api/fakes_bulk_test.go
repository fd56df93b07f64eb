package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"duradesk/ticket"
)

// exampleBulk is the job that every fake desk has: that of the document's examples.
const exampleBulk = "01a20ef8-14dd-71dc-9cb8-f9020d5119b5"

// fakeBulk keeps jobs in memory and carries none out.
type fakeBulk struct {
	mu    sync.Mutex
	jobs  map[string]*BulkJob
	items map[string][]BulkItem
	away  error
}

func newBulk(now time.Time) *fakeBulk {
	f := &fakeBulk{jobs: map[string]*BulkJob{}, items: map[string][]BulkItem{}}
	f.jobs[exampleBulk] = &BulkJob{ID: exampleBulk, Agent: "admin", Request: "x", Order: ticket.Order{Kind: ticket.Assign}, State: "running", CreatedAt: now, Counts: map[string]int{"waiting": 40}, Total: 40}
	for i := range 40 {
		f.items[exampleBulk] = append(f.items[exampleBulk], BulkItem{N: i + 1, Number: 1042, Command: "assign", Outcome: "applied", Receipt: "r"})
	}
	return f
}

func (f *fakeBulk) AddBulk(_ context.Context, b BulkJob, numbers []ticket.Number) (BulkJob, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, j := range f.jobs {
		if j.Agent == b.Agent && j.Request == b.Request {
			if j.Fingerprint != b.Fingerprint {
				return BulkJob{}, &ticket.Error{Code: ticket.Conflict, Message: "used"}
			}
			return *j, f.away
		}
	}
	b.State, b.Total, b.Counts = "running", len(numbers), map[string]int{"waiting": len(numbers)}
	for i, n := range numbers {
		f.items[b.ID] = append(f.items[b.ID], BulkItem{N: i + 1, Number: n, Command: b.Order.Kind.String(), Outcome: "waiting"})
	}
	f.jobs[b.ID] = &b
	return b, f.away
}

func (f *fakeBulk) BulkJob(_ context.Context, id string) (BulkJob, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if j, ok := f.jobs[id]; ok {
		return *j, f.away
	}
	return BulkJob{}, none("bulk job")
}

func (f *fakeBulk) BulkItems(_ context.Context, job, outcome string, after, limit int) ([]BulkItem, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := slices.DeleteFunc(slices.Clone(f.items[job]), func(i BulkItem) bool { return i.N <= after || outcome != "" && i.Outcome != outcome })
	return out[:min(limit, len(out))], f.away
}

func (f *fakeBulk) SetBulk(_ context.Context, job, state string) (BulkJob, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j := f.jobs[job]
	if j.State == "cancelled" || j.State == "done" {
		return BulkJob{}, &ticket.Error{Code: ticket.Conflict, Message: "over"}
	}
	j.State = state
	return *j, f.away
}

func (f *fakeBulk) UndoBulk(_ context.Context, agent, request, job string) (BulkJob, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j := *f.jobs[job]
	if j.State != "cancelled" && j.State != "done" {
		return BulkJob{}, &ticket.Error{Code: ticket.Conflict, Message: "not over"}
	}
	j.ID, j.Agent, j.Request, j.UndoOf, j.State = "undo-job", agent, request, job, "running"
	f.jobs[j.ID] = &j
	return j, f.away
}
