# The command diaspora-ctl, for topics in the folder "data", as the user who runs it:
#   docker build -t diaspora-ctl .
#   mkdir -p data
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD/data:/data" diaspora-ctl topic create readings
FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci && npm run compile -- --output /out/diaspora-ctl

FROM debian:bookworm-slim
COPY --from=build /out/ /usr/local/bin/
COPY LICENSE /usr/local/share/doc/diaspora-ctl/
# Topics are stored in the mounted volume; set the same variables to use another driver.
ENV DIASPORA_DRIVER=files
ENV DIASPORA_DRIVER_CONFIG='{"root_path":"/data"}'
RUN useradd --create-home diaspora && mkdir /data && chown diaspora /data
USER diaspora
VOLUME /data
ENTRYPOINT ["diaspora-ctl"]
CMD ["--help"]
