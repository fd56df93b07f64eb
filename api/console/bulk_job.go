package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"duradesk/api/openapi"
)

// jobView is how far a job is: as a strip above the list, and as a page with what became of each ticket.
type jobView struct {
	openapi.BulkJob
	What          string // in words, as on the button
	Running, Over bool
	Undoable      bool
	Done          int
	Counts        []outcomeCount
	Outcome       string // the only one that is shown; "" for all
	Rows          []jobRow
	More          string // of the next page
	By            string
	Begun         moment
}

type outcomeCount struct {
	Outcome string
	N       int
	Here    bool
}

type jobRow struct {
	Number         int64
	Title          string
	Outcome        string
	Why            string
	State          string
	Owner, Command string
}

type jobPage struct {
	frame
	Job jobView
}

// bulkOutcomes in the order in which they are told.
var bulkOutcomes = []string{"waiting", "pending", "applied", "already", "refused", "skipped", "failed"}

// job asks for one, with the tickets of one page where they are wanted.
func (v *visit) job(withRows bool) (jobView, error) {
	id, q := v.r.PathValue("id"), url.Values{"limit": {"1"}}
	out := jobView{Outcome: v.r.URL.Query().Get("outcome")}
	if withRows {
		q.Set("limit", "100")
	}
	for _, name := range []string{"outcome", "cursor"} {
		if value := v.r.URL.Query().Get(name); value != "" {
			q.Set(name, value)
		}
	}
	if err := v.get("/bulk/"+url.PathEscape(id)+"?"+q.Encode(), &out.BulkJob); err != nil {
		return out, err
	}
	h, err := v.theHouse()
	if err != nil {
		return out, err
	}
	c := out.BulkJob.Counts
	n := map[string]int{"waiting": c.Waiting, "pending": c.Pending, "applied": c.Applied, "already": c.Already, "refused": c.Refused, "skipped": c.Skipped, "failed": c.Failed}
	for _, outcome := range bulkOutcomes {
		if n[outcome] > 0 {
			out.Counts = append(out.Counts, outcomeCount{outcome, n[outcome], outcome == out.Outcome})
		}
	}
	out.Done = out.Total - c.Waiting - c.Pending
	out.Over = out.State == "done" || out.State == "cancelled"
	out.Running = out.State == "running" || c.Pending > 0
	out.Undoable = out.Over && out.UndoOf == nil && c.Applied > 0
	out.What = sayOr(v.lang, "command."+out.Command, out.Command)
	if out.UndoOf != nil {
		out.What = say(v.lang, "bulk.undo_of")
	}
	out.By, out.Begun = h.agent(out.Agent), v.moment(out.CreatedAt)
	if out.NextCursor != nil {
		out.More = "/-/bulk/" + url.PathEscape(id) + "?outcome=" + url.QueryEscape(out.Outcome) + "&cursor=" + url.QueryEscape(*out.NextCursor)
	}
	if withRows {
		out.Rows, err = v.jobRows(out.Items, h)
	}
	return out, err
}

// jobRows are the tickets of a job, with what they are called and how they stand now.
func (v *visit) jobRows(items []openapi.BulkItem, h *house) ([]jobRow, error) {
	if len(items) == 0 {
		return nil, nil
	}
	q := url.Values{"limit": {"200"}, "state": allStates}
	for _, i := range items {
		q.Add("number", strconv.FormatInt(i.Number, 10))
	}
	var found openapi.TicketList
	if err := v.get("/tickets?"+q.Encode(), &found); err != nil {
		return nil, err
	}
	rows := make([]jobRow, len(items))
	for i, item := range items {
		rows[i] = jobRow{Number: item.Number, Outcome: string(item.Outcome), Why: deref(item.ReasonText), Command: sayOr(v.lang, "command."+item.Command, item.Command)}
		if rows[i].Why == "" {
			rows[i].Why = deref(item.Reason)
		}
		at := slices.IndexFunc(found.Items, func(t openapi.Ticket) bool { return t.Number == item.Number })
		if at >= 0 {
			t := found.Items[at]
			rows[i].Title, rows[i].State, rows[i].Owner = t.Title, string(t.State), h.agent(deref(t.Owner))
		}
	}
	return rows, nil
}

func (v *visit) bulkPage() error {
	job, err := v.job(true)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "bulk-page", jobPage{frame: v.frame(say(v.lang, "bulk.title")), Job: job})
}

// bulkFragment is the page's inside anew, or a further page of its tickets.
func (v *visit) bulkFragment() error {
	job, err := v.job(true)
	if err != nil {
		return err
	}
	if v.r.URL.Query().Get("cursor") != "" {
		return v.show(http.StatusOK, "job-rows", job)
	}
	return v.show(http.StatusOK, "job", job)
}

func (v *visit) bulkStrip() error {
	job, err := v.job(false)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "job-strip", job)
}

// bulkSteer pauses, resumes or ends a job, or takes back what it did as a job of its own.
func (v *visit) bulkSteer() error {
	way := v.r.PathValue("way")
	if !slices.Contains([]string{"pause", "resume", "cancel", "undo"}, way) {
		return v.nothing()
	}
	var job openapi.BulkJob
	if err := v.ask(http.MethodPost, "/bulk/"+url.PathEscape(v.r.PathValue("id"))+"/"+way, nil, &job); err != nil {
		return err
	}
	strip := v.r.URL.Query().Has("strip")
	switch {
	case way == "undo" && strip:
		return v.begun(job)
	case way == "undo":
		return v.redirect("/bulk/" + url.PathEscape(job.Id))
	case strip:
		return v.bulkStrip()
	}
	return v.bulkFragment()
}
