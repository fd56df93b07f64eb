package console

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"duradesk/api/openapi"
)

// ratingRoutes are where the link of a mail leads that lets its reader rate. To open it rates nothing: programs that
// look at mail open links too. The button does.
func ratingRoutes() []route {
	return []route{
		{pattern: "GET /portal/rate", public: true, serve: (*visit).ratingPage},
		{pattern: "POST /portal/rate", public: true, serve: (*visit).rate},
	}
}

type ratingView struct {
	portalView
	Link, ID, Comment string
	Number            int64
	Ticket            string
	Ratings           []choice
	Done, Gone        bool
}

func (v *visit) ratingPage() error {
	chosen, err := strconv.Atoi(v.r.URL.Query().Get("rating"))
	if err != nil {
		chosen = 0
	}
	return v.ratingForm(http.StatusOK, v.r.URL.Query().Get("t"), chosen, nil)
}

func (v *visit) ratingForm(status int, link string, chosen int, fault []string) error {
	out := ratingView{portalView: v.portalPage(say(v.lang, "rating.title")), Link: link, ID: uuid.NewString(), Ratings: v.ratings(chosen), Comment: v.r.FormValue("comment")}
	out.Fault = fault
	var about openapi.RatingLink
	err := v.get("/feedback?link="+url.QueryEscape(link), &about)
	switch statusOf(err) {
	case http.StatusNotFound, http.StatusBadRequest:
		out.Gone = true
		return v.show(http.StatusNotFound, "rating", out)
	}
	if err != nil {
		return err
	}
	out.Number, out.Ticket = about.Number, about.Title
	return v.show(status, "rating", out)
}

func (v *visit) rate() error {
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	link := v.r.PostForm.Get("t")
	body := v.ratingSent()
	body["link"], body["id"] = link, v.r.PostForm.Get("id")
	if body["id"] == "" {
		delete(body, "id")
	}
	err := v.ask(http.MethodPost, "/feedback", body, nil)
	switch status := statusOf(err); {
	case err == nil:
		out := ratingView{portalView: v.portalPage(say(v.lang, "rating.title")), Link: link, Done: true}
		return v.show(http.StatusOK, "rating", out)
	case status == http.StatusNotFound:
		return v.ratingForm(status, link, 0, nil)
	case status == http.StatusUnprocessableEntity:
		return v.ratingForm(status, link, 0, []string{say(v.lang, "rating.choose")})
	}
	return err
}
