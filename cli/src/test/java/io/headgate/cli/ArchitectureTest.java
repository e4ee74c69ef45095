package io.headgate.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The walls between modules and packages (design notes): who may know whom. */
@AnalyzeClasses(packages = "io.headgate", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String[] PURE = {
    "io.headgate.decomposition..",
    "io.headgate.zeroshot..",
    "io.headgate.detection..",
    "io.headgate.calibration..",
    "io.headgate.guard.."
  };

  @ArchTest
  static final ArchRule tensorsStayInTheModelAndTheTrainer =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.headgate.clip..", "io.headgate.lab.training..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.djl..");

  @ArchTest
  static final ArchRule thePureCoreKnowsNeitherKafkaNorGrpcNorTensors =
      noClasses()
          .that(resideInAnyPackage(PURE))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.apache.kafka..",
              "org.apache.avro..",
              "io.grpc..",
              "io.confluent..",
              "ai.djl..",
              "io.headgate.clip..",
              "io.headgate.serving..");

  @ArchTest
  static final ArchRule imagingKnowsNothingDownstream =
      noClasses()
          .that(resideInAPackage("io.headgate.imaging.."))
          .should()
          .dependOnClassesThat(
              resideInAPackage("io.headgate..")
                  .and(not(resideInAPackage("io.headgate.imaging.."))));

  @ArchTest
  static final ArchRule theStreamReachesTheModelOnlyOverTheWireExceptInDemoAndBench =
      noClasses()
          .that(
              resideInAnyPackage(
                  "io.headgate.stream", "io.headgate.client..", "io.headgate.claimcheck.."))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.headgate.clip..",
              "io.headgate.weights..",
              "io.headgate.detection..",
              "io.headgate.calibration..",
              "io.headgate.guard..",
              "io.headgate.serving..");

  @ArchTest
  static final ArchRule theModelServiceDoesNotKnowTheStream =
      noClasses()
          .that(
              resideInAnyPackage(
                  "io.headgate.clip..",
                  "io.headgate.serving..",
                  "io.headgate.weights..",
                  "io.headgate.tokenizer.."))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.headgate.stream..",
              "io.headgate.client..",
              "io.headgate.demo..",
              "io.headgate.lab..");

  @ArchTest
  static final ArchRule packagesDependOnEachOtherInOneDirection =
      slices().matching("io.headgate.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule noStaticMutableState =
      fields()
          .that()
          .areStatic()
          .and()
          .areNotFinal()
          .should()
          .beDeclaredInClassesThat(resideInAnyPackage("io.headgate.v1.."));
}
