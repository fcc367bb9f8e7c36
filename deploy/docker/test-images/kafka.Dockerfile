# Apache Kafka with the environment of the apache/kafka image, as far as tests use it.
FROM fuyan-test/base
COPY kafka /opt/kafka/libs
COPY kafka-entrypoint.sh /etc/kafka/docker/run
RUN useradd --create-home appuser
USER appuser
EXPOSE 9092
CMD ["/etc/kafka/docker/run"]
