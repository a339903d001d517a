package service;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Who this service is, from application.yaml.
 *
 * @param bodyLimit largest request body, in bytes
 */
@ConfigurationProperties("service")
record ServiceProperties(String name, String environment, long bodyLimit) {}
