# syntax=docker/dockerfile:1
# One image for every process: duradesk api, worker, migrate, … The last word on versions is go.mod's.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -tags=nomsgpack -trimpath -buildvcs=false -ldflags='-s -w' -o /out/duradesk ./cmd/duradesk
# A new volume takes owner and mode of the folder that it covers.
RUN mkdir -p /out/var

# No shell and no package manager; certificates, time zones, and a user that is not root.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/duradesk /usr/bin/duradesk
COPY --from=build --chown=65532:65532 /out/var /var/lib/duradesk
COPY LICENSE /usr/share/doc/duradesk/LICENSE
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["/usr/bin/duradesk"]
CMD ["--help"]
