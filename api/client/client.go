package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// New returns a client of the desk at that address (such as http://127.0.0.1:8080), acting with that token. Commands
// may wait up to 30 s for their receipt: give doer, nil for http.DefaultClient, a longer timeout than that.
func New(address, token string, doer HttpRequestDoer) (*ClientWithResponses, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("the desk's address %q is not a URL such as http://127.0.0.1:8080", address)
	}
	if doer == nil {
		doer = http.DefaultClient
	}
	return NewClientWithResponses(address, WithHTTPClient(doer), WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}))
}
