package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"duradesk/api/openapi"
	"duradesk/lifecycle"
	"duradesk/ticket"
)

// mostBulk is how many tickets one job may have.
const mostBulk = 5000

// bulkCommands are those that make sense for many tickets at once.
var bulkCommands = []ticket.Kind{
	ticket.AgentResponse, ticket.Hold, ticket.Resolve, ticket.Escalate, ticket.Assign, ticket.Note, ticket.Close, ticket.Restore, ticket.Delete, ticket.Classify, ticket.Merge, ticket.LinkTo, ticket.Recall,
}

// CreateBulk stores one command for many tickets; its workflow carries it out.
func (s *server) CreateBulk(c *gin.Context) {
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	who, o := askerOf(c), newObject(body)
	request := o.text("id", idRule)
	kind, _ := named(o, "command", true, bulkCommands)
	params := o.inside("params", false)
	selection := o.inside("selection", true)
	o.done()
	var query Query
	if selection != nil {
		query = bulkQuery(who, selection)
	}
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	if !lifecycle.May(who.actor(), kind) {
		s.fail(c, forbiddenCommand(kind, who))
		return
	}
	if query.Where = s.grammar(c, query.Text); query.Where == nil {
		return
	}
	query.Text = ""
	found, p := s.selected(c, query, selection)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	var fields map[string]any
	if params != nil {
		fields = params.fields
	}
	s.storeBulk(c, BulkJob{Agent: who.Key, Request: request, Fingerprint: fingerprint(kind, 0, body)}, specs[kind], fields, found)
}

// bulkQuery reads which tickets: by numbers, or by what a list is asked for.
func bulkQuery(who asker, o *object) Query {
	q := Query{Viewer: who.Key, Desks: who.desks(), Sort: "number", Limit: 200}
	for i, v := range o.list("numbers", mostBulk) {
		one := &object{at: o.pointer("numbers"), fields: map[string]any{itoa(i): v}, faults: o.faults}
		if n, ok := one.whole(itoa(i), true, 1, 1<<53); ok {
			q.Numbers = append(q.Numbers, ticket.Number(n))
		}
	}
	q.Text = o.text("q", rule{max: 2000})
	q.View = o.word("view", false, Views)
	for i, v := range o.texts("state", 20, rule{min: 1, max: 40}) {
		state, err := ticket.ParseState(v)
		if err != nil {
			o.blame("state", "state", map[string]string{"state": v, "index": itoa(i)})
			continue
		}
		q.States = append(q.States, state)
	}
	o.done()
	if len(q.Numbers) == 0 && q.Text == "" && q.View == "" && len(q.States) == 0 && len(*o.faults) == 0 {
		*o.faults = append(*o.faults, fault{pointer: o.at, code: "nothing"}) // never by mistake all
	}
	if len(q.Numbers) > 0 && q.View == "" && len(q.States) == 0 {
		q.States = ticket.States()
	}
	return q
}

// selected reads the tickets as they are now: what comes later is not part of the job.
func (s *server) selected(c *gin.Context, q Query, o *object) ([]ticket.Record, problem) {
	var out []ticket.Record
	numbers := q.Numbers
	for from := 0; from == 0 || from < len(numbers); from += 200 {
		if len(numbers) > 0 {
			q.Numbers = numbers[from:min(from+200, len(numbers))]
		}
		for q.Cursor = ""; ; {
			if q.Desks != nil && len(q.Desks) == 0 {
				break
			}
			ctx, done := budget(c)
			page, err := s.Reader.List(ctx, q)
			done()
			if err != nil {
				return nil, s.problemOf(c, err)
			}
			out = append(out, page.Items...)
			if len(out) > mostBulk {
				return nil, problemOfFaults([]fault{{pointer: o.at, code: "too_many", args: map[string]string{"max": strconv.Itoa(mostBulk)}}})
			}
			if page.Next == "" {
				break
			}
			q.Cursor = page.Next
		}
	}
	for i, n := range numbers {
		if !slices.ContainsFunc(out, func(r ticket.Record) bool { return r.Process.Number == n }) {
			return nil, problemOfFaults([]fault{{pointer: o.pointer("numbers") + "/" + itoa(i), code: "unknown_ticket", args: map[string]string{"number": strconv.FormatInt(int64(n), 10)}}})
		}
	}
	if len(out) == 0 {
		return nil, problemOfFaults([]fault{{pointer: o.at, code: "bulk_empty"}})
	}
	return out, problem{}
}

// storeBulk holds the parameters against one ticket of each desk, so that what can never be is said now.
func (s *server) storeBulk(c *gin.Context, job BulkJob, sp spec, params map[string]any, found []ticket.Record) {
	numbers, tried := make([]ticket.Number, len(found)), map[string]bool{}
	for i, rec := range found {
		numbers[i] = rec.Process.Number
		if tried[rec.Process.Desk] {
			continue
		}
		tried[rec.Process.Desk] = true
		order, faults, err := s.order(c, sp, rec, params)
		if err != nil {
			s.told(c, err)
			return
		}
		for k := range faults {
			faults[k].pointer = "/params" + faults[k].pointer
		}
		if len(faults) > 0 {
			s.fail(c, problemOfFaults(faults))
			return
		}
		order.Draft = "" // of one ticket
		job.Order = order
	}
	job.ID = uuid.Must(uuid.NewV7()).String()
	if job.Request == "" {
		job.Request = job.ID
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(c.Request.Context()), portTime)
	defer done()
	stored, err := s.Bulk.AddBulk(ctx, job, numbers)
	if err != nil {
		s.notStored(c, err)
		return
	}
	s.sayBulk(c, http.StatusAccepted, stored, nil, nil)
}

func (s *server) sayBulk(c *gin.Context, status int, b BulkJob, items []BulkItem, next *string) {
	lang := s.language(c)
	out := openapi.BulkJob{
		Id: b.ID, Command: b.Order.Kind.String(), State: openapi.BulkJobState(b.State), Agent: b.Agent, UndoOf: some(b.UndoOf), CreatedAt: b.CreatedAt.UTC(), FinishedAt: instant(b.FinishedAt), Total: b.Total,
		Counts: openapi.BulkCounts{Waiting: b.Counts["waiting"], Skipped: b.Counts["skipped"], Pending: b.Counts["pending"], Applied: b.Counts["applied"], Already: b.Counts["already"], Refused: b.Counts["refused"], Failed: b.Counts["failed"]},
		Items:  make([]openapi.BulkItem, len(items)), NextCursor: next,
	}
	for i, it := range items {
		out.Items[i] = openapi.BulkItem{
			Number: int64(it.Number), Command: it.Command, Outcome: openapi.BulkItemOutcome(it.Outcome), Reason: some(it.Reason), ReasonText: s.texts.reason(lang, it.Reason), Receipt: some(it.Receipt),
		}
	}
	if status == http.StatusAccepted {
		c.Header("Location", "/api/v1/bulk/"+b.ID)
	}
	answer(c, status, out)
}

// bulkOf returns a job to its asker or a lead; to others it is not there.
func (s *server) bulkOf(c *gin.Context, id string) (BulkJob, bool) {
	ctx, done := budget(c)
	defer done()
	b, err := s.Bulk.BulkJob(ctx, id)
	who := askerOf(c)
	switch {
	case err != nil:
		s.told(c, err)
		return b, false
	case b.Agent != who.Key && who.Role < ticket.RoleLead:
		s.fail(c, problem{kind: notFound})
		return b, false
	}
	return b, true
}

// GetBulk shows how far a job is, with what became of each ticket.
func (s *server) GetBulk(c *gin.Context, id string, q openapi.GetBulkParams) {
	after, limit, ok := s.paged(c, q.Cursor, q.Limit)
	if !ok {
		return
	}
	b, ok := s.bulkOf(c, id)
	if !ok {
		return
	}
	ctx, done := budget(c)
	defer done()
	items, err := s.Bulk.BulkItems(ctx, id, string(value(q.Outcome)), int(min(after, 1<<30)), limit+1)
	if err != nil {
		s.told(c, err)
		return
	}
	items, next := onePage(items, limit, func(i BulkItem) int64 { return int64(i.N) })
	s.sayBulk(c, http.StatusOK, b, items, next)
}

// PauseBulk stops it for now: what is stored goes on, nothing more is stored.
func (s *server) PauseBulk(c *gin.Context, id string) { s.setBulk(c, id, "paused") }

// ResumeBulk lets it go on.
func (s *server) ResumeBulk(c *gin.Context, id string) { s.setBulk(c, id, "running") }

// CancelBulk ends it: what waits is not done.
func (s *server) CancelBulk(c *gin.Context, id string) { s.setBulk(c, id, "cancelled") }

func (s *server) setBulk(c *gin.Context, id, state string) {
	if _, ok := s.bulkOf(c, id); !ok {
		return
	}
	ctx, done := budget(c)
	defer done()
	b, err := s.Bulk.SetBulk(ctx, id, state)
	if ticket.CodeOf(err) == ticket.Conflict {
		s.fail(c, problem{kind: conflict, detail: "bulk_over"})
		return
	}
	if err != nil {
		s.told(c, err)
		return
	}
	s.sayBulk(c, http.StatusOK, b, nil, nil)
}

// UndoBulk takes back what can be taken back, as a job of its own.
func (s *server) UndoBulk(c *gin.Context, id string) {
	var request string
	if !s.asked(c, func(o *object) { request = o.text("id", idRule) }) {
		return
	}
	if _, ok := s.bulkOf(c, id); !ok {
		return
	}
	if request == "" {
		request = uuid.Must(uuid.NewV7()).String()
	}
	ctx, done := budget(c)
	defer done()
	b, err := s.Bulk.UndoBulk(ctx, askerOf(c).Key, request, id)
	if ticket.CodeOf(err) == ticket.Conflict {
		s.fail(c, problem{kind: conflict, detail: "bulk_not_over"})
		return
	}
	if err != nil {
		s.told(c, err)
		return
	}
	s.sayBulk(c, http.StatusAccepted, b, nil, nil)
}
