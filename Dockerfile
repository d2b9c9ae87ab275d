# gibsey: the program as `make build` makes it, with its worlds and bundled models, on port 8002.
# connector: Debezium's connector for Cassandra, which has no image of its own. Both are used by docker-compose.yml.
# The engine is compiled for the processor that builds the image: build it on the machine, or the kind of machine, that runs it.

# Debian 12 with cargo, which compiles the driver of Cassandra.
FROM rust:1.95-bookworm AS build
ENV GIBSEY_CACHE=/gibsey/cache DEBIAN_FRONTEND=noninteractive
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends git make ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /gibsey
# What is slow and changes seldom first: packages, llama.cpp, the models.
COPY tools tools
RUN tools/setup/setup.sh
COPY . .
RUN GIBSEY_CASSANDRA=ON make build

FROM debian:12-slim AS gibsey
ENV GIBSEY_CACHE=/gibsey/cache GIBSEY_DATA=/data GIBSEY_HOST=0.0.0.0
COPY tools/setup/apt_runtime_packages.txt /tmp/packages
RUN apt-get update -qq \
    && sed -e 's/#.*//' /tmp/packages | xargs apt-get install -y -qq --no-install-recommends \
    && rm -rf /var/lib/apt/lists/* /tmp/packages \
    && useradd --system --create-home --uid 10001 gibsey && install -d -o gibsey /data
COPY --from=build /gibsey/build/release/gibsey /gibsey/build/release/gibsey
COPY --from=build /gibsey/web/dist /gibsey/web/dist
COPY --from=build /gibsey/worlds /gibsey/worlds
COPY --from=build /gibsey/schema /gibsey/schema
COPY --from=build /gibsey/openapi.json /gibsey/openapi.json
COPY --from=build /gibsey/cache/models /gibsey/cache/models
COPY --from=build /gibsey/cache/vader /gibsey/cache/vader
USER gibsey
VOLUME /data
EXPOSE 8002
ENTRYPOINT ["/gibsey/build/release/gibsey"]
CMD ["serve"]

FROM maven:3.9-eclipse-temurin-17 AS connector-jars
COPY deploy/stack/jars /poms
# The folders as deploy/stack/jars.py makes them, of which the connector's is taken.
RUN cd /poms && mvn -B -ntp -q dependency:copy-dependencies -DincludeScope=runtime '-DoutputDirectory=/jars/${project.artifactId}'

FROM eclipse-temurin:17-jre AS connector
COPY --from=connector-jars /jars/debezium /jars
RUN mkdir -p /var/lib/debezium/relocation /var/lib/debezium/offsets
VOLUME /var/lib/debezium
CMD ["java", "@/etc/gibsey/jvm17.options", "-XX:+UseSerialGC", "-Xms96m", "-Xmx192m", "-XX:MaxDirectMemorySize=96m", \
     "-Dlogback.configurationFile=/etc/gibsey/logback.xml", "-Dcassandra.storagedir=/var/lib/debezium/storage", \
     "-cp", "/jars/*", "io.debezium.connector.cassandra.CassandraConnectorTask", "/etc/gibsey/connector.properties"]
