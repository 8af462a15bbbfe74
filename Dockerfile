# The images of Hanip. scripts/images builds the programs on the host and puts each into one:
#   buildah build --target program --build-arg NAME=foods … target/images/files/amd64
# Where a base image can be pulled, a program can be built from source instead:
#   docker build --build-arg NAME=foods --tag hanip/foods .

# One program: nothing else is in the image, and no shell.
FROM scratch AS program
ARG NAME
COPY $NAME /program
USER 65532:65532
ENTRYPOINT ["/program"]

# The browser app, and nginx with its libraries. Its configuration is mounted, and it writes into /tmp alone.
FROM scratch AS web
COPY web/ /
USER 65532:65532
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/usr/sbin/nginx", "-e", "stderr", "-p", "/tmp", "-c", "/etc/nginx/nginx.conf"]

FROM rust:1-slim-bookworm AS build
ARG NAME
# common/aws: for a database at AWS.
ARG FEATURES=
WORKDIR /hanip
COPY . .
# Named, so that the flags are not those of procedural macros, which can't be static.
RUN target=$(rustc --version --verbose | sed -n 's/^host: //p') \
 && RUSTFLAGS="-C target-feature=+crt-static -C relocation-model=static" \
    cargo build --locked --profile image --target "$target" --bin "$NAME" ${FEATURES:+--features "$FEATURES"} \
 && cp "target/$target/image/$NAME" /program

FROM scratch
COPY --from=build /program /program
USER 65532:65532
ENTRYPOINT ["/program"]
