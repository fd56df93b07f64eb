package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"duradesk/api/openapi"
)

// threadSize is how much of a thread is shown at once: its end, which is what is worked on. What was before is a click
// away.
const threadSize = "200"

// thread is the end of what was said: from a position on where the page shows a part of it already, so that what was
// loaded before it stays joined to it.
func (v *visit) thread(path, from string) (openapi.Timeline, error) {
	var out openapi.Timeline
	first, _ := strconv.ParseInt(from, 10, 64)
	for cursor := ""; ; {
		var page openapi.Timeline
		if err := v.get(path+"/timeline?newest=true&limit="+threadSize+"&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return out, err
		}
		out.Items, out.NextCursor = append(page.Items, out.Items...), page.NextCursor
		if page.NextCursor == nil || first == 0 || out.Items[0].Seq <= first {
			break
		}
		cursor = *page.NextCursor
	}
	if at := slices.IndexFunc(out.Items, func(i openapi.TimelineItem) bool { return i.Seq >= first }); at > 0 {
		out.Items = out.Items[at:]
	}
	return out, nil
}

func olderThan(number string, cursor *string) string {
	if cursor == nil {
		return ""
	}
	return "/-/tickets/" + url.PathEscape(number) + "/older?cursor=" + url.QueryEscape(*cursor)
}

// olderView is a stretch of the thread above what is shown.
type olderView struct {
	Older string
	From  string // position of its first line: what is fetched anew begins there
	Items []itemView
}

// olderFragment is what was said before. It joins what is shown, and is live from then on.
func (v *visit) olderFragment() error {
	n := v.r.PathValue("number")
	path := "/tickets/" + url.PathEscape(n)
	var t openapi.Ticket
	var said openapi.Timeline
	err := together(
		func() error { return v.get(path, &t) },
		func() error {
			return v.get(path+"/timeline?newest=true&limit="+threadSize+"&cursor="+url.QueryEscape(v.r.URL.Query().Get("cursor")), &said)
		},
	)
	if err != nil {
		return err
	}
	out := olderView{Older: olderThan(n, said.NextCursor)}
	if len(said.Items) > 0 {
		out.From = strconv.FormatInt(said.Items[0].Seq, 10)
	}
	if out.Items, err = v.items(said.Items, t); err != nil {
		return err
	}
	return v.show(http.StatusOK, "older", out)
}

// sharedDraft is what a colleague has begun to write and lets others see.
type sharedDraft struct {
	Name, Kind, Body string
	At               moment
	Age              string
}
