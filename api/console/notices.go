package console

import (
	"net/http"
	"strconv"

	"duradesk/api/openapi"
)

func noticeRoutes() []route {
	return []route{
		{pattern: "GET /-/bell", serve: (*visit).bell},
		{pattern: "GET /-/notices", serve: (*visit).notices},
	}
}

// noticesView is what the bell shows.
type noticesView struct {
	Unread int
	Items  []noticeView
}

type noticeView struct {
	Href, N, Text, Why string
	At                 moment
	Age                string
	Unread             bool
}

func (v *visit) findNotices(limit int) (noticesView, []openapi.Notice, error) {
	var found openapi.NoticeList
	if err := v.get("/notices?limit="+strconv.Itoa(limit), &found); err != nil {
		return noticesView{}, nil, err
	}
	out := noticesView{}
	for _, n := range found.Items {
		number := strconv.FormatInt(n.Number, 10)
		out.Items = append(out.Items, noticeView{
			Href: "/tickets/" + number, N: number, Text: n.Text, Why: n.Why, At: v.moment(n.At), Age: v.age(v.c.Now().Sub(n.At)), Unread: n.ReadAt == nil,
		})
		if n.ReadAt == nil {
			out.Unread++
		}
	}
	return out, found.Items, nil
}

// bell is the count on the bell.
func (v *visit) bell() error {
	out, _, err := v.findNotices(50)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "bell", out)
}

// notices shows what happened, and takes it as read.
func (v *visit) notices() error {
	out, found, err := v.findNotices(50)
	if err != nil {
		return err
	}
	if out.Unread > 0 {
		if err := v.ask(http.MethodPost, "/notices/read", map[string]any{"up_to": found[0].Id}, nil); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, "notices", out)
}
