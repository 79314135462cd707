// OneClassSVM
